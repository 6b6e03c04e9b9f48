import type Memcached from 'memcached'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type MemcachedServer, startMemcached } from '../../../../../scripts/servers/memcached.ts'
import { conformanceOf } from '../../testing/conformance-of.ts'
import { newClient, storesOnMemcached } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { memcachedStore } from './index.ts'

describe('the Memcached store', () => {
  conformanceOf(storesOnMemcached())
})

describe('the Memcached store on two servers', () => {
  let servers: MemcachedServer[]
  let client: Memcached
  beforeAll(async () => {
    servers = await Promise.all([startMemcached(), startMemcached()])
    // One that failed is taken off at once, and its keys are the other's.
    client = newClient(
      servers.map(({ address }) => address),
      { failures: 0, remove: true },
    )
  })
  afterAll(async () => {
    client.end()
    await Promise.all(servers.map((server) => server.stop()))
  })
  const open = (clock: () => number): ReturnType<typeof memcachedStore> =>
    memcachedStore(client, { clock, prefix: newPrefix(), timeout: '5s' })

  describe('both of them there', () => {
    conformanceOf(open, 30)
  })
  it('loses one', async () => {
    await servers[0]?.kill()
    const store = open(() => 1)
    // Each key that was there fails once, until the client has noticed.
    for (let tries = 0; tries < 50; tries++) {
      const works = await store.probe?.().then(
        () => true,
        () => false,
      )
      if (works === true && tries > 10) return
    }
    throw new Error('the other one did not take over')
  })
  describe('the one that is left', () => {
    conformanceOf(open, 30)
  })
})
