import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../../scripts/servers/redis.ts'
import { type SentinelGroup, startSentinel } from '../../../../../scripts/servers/sentinel.ts'
import { until } from '../../../../../scripts/servers/until.ts'
import type { OpenStore } from '../../conformance.ts'
import { balancesOf, conformanceOf } from '../../testing/conformance-of.ts'
import { type ClientKind, newestKinds } from '../../testing/redis-clients.ts'
import { newPrefix, storesOn } from '../../testing/redis-stores.ts'
import { type RedisClient, redisStore } from './index.ts'

let tls: RedisServer
let socket: RedisServer
beforeAll(async () => {
  ;[tls, socket] = await Promise.all([startRedis({ tls: true }), startRedis({ socket: true })])
})
afterAll(() => Promise.all([tls.stop(), socket.stop()]))

const [ioredis, nodeRedis] = newestKinds as [ClientKind, ClientKind]

describe(`the Redis store over TLS by ${ioredis.name}`, () => {
  conformanceOf(storesOn({ name: 'TLS', connect: () => ioredis.single(tls) }))
})

describe(`the Redis store over a Unix socket by ${nodeRedis.name}`, () => {
  conformanceOf(storesOn({ name: 'a socket', connect: () => nodeRedis.single(socket) }))
})

describe('the Redis store through Sentinel by ioredis', () => {
  let client: Redis
  throughSentinel(
    async ({ name, sentinels }) => {
      client = new Redis({
        name,
        sentinels: sentinels.map(({ host, port }) => ({ host, port })),
        autoResendUnfulfilledCommands: false,
        retryStrategy: () => 50,
      })
      return client.on('error', () => undefined)
    },
    () => client.disconnect(),
  )
})

describe('the Redis store through Sentinel by node-redis', () => {
  let end = (): void => undefined
  throughSentinel(
    async ({ name, sentinels }) => {
      const client = createSentinel({ name, sentinelRootNodes: [...sentinels], scanInterval: 100 })
      client.on('error', () => undefined)
      await client.connect()
      end = () => void client.destroy()
      return client
    },
    () => end(),
  )
})

/** All tests on one master, then all on the other. */
function throughSentinel(connect: (group: SentinelGroup) => Promise<RedisClient>, end: () => void): void {
  let group: SentinelGroup
  let client: RedisClient
  beforeAll(async () => {
    // It is told when to fail over: a busy machine is no reason.
    group = await startSentinel({ downAfterMs: 5000 })
    client = await connect(group)
  })
  afterAll(async () => {
    end()
    await group.stop()
  })
  const open: OpenStore = (clock) =>
    redisStore(client, { clock, prefix: newPrefix(), timeout: '5s', denyCache: false })

  describe('before a failover', () => {
    conformanceOf(open, 50)
    balancesOf(open)
  })
  it('fails over', async () => {
    const old = await group.master()
    await group.failOver()
    // Until then its clients are not told, and when they are, what they asked for is lost.
    await until('The old master follows', async () => ((await old.ask('ROLE')) as string[])[0] === 'slave')
    const store = await open(() => 1)
    for (let tries = 0; tries < 200; tries++) {
      const works = await store.probe?.().then(
        () => true,
        () => false,
      )
      if (works === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the store did not come back within 10 s')
  })
  describe('after it', () => {
    conformanceOf(open, 60)
    balancesOf(open)
  })
}
