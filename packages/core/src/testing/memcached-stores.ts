import Memcached from 'memcached'
import { afterAll, beforeAll } from 'vitest'
import { memcachedOfRun } from '../../../../scripts/servers/of-run.ts'
import type { OpenStore } from '../conformance.ts'
import { memcachedStore, type MemcachedStoreOptions } from '../stores/memcached/index.ts'
import type { Store } from '../store.ts'
import { newPrefix } from './redis-stores.ts'

/** A client that gives up soon, as one behind a rate limit should. */
export const newClient = (servers: string | string[], options: Memcached.options = {}): Memcached =>
  new Memcached(servers, { retries: 0, timeout: 500, retry: 50, ...options })

/** Opens stores on one server for the tests of a `describe`, each with keys of its own. */
export function storesOnMemcached(): OpenStore & ((clock?: () => number) => Store<'async'>) {
  let client: Memcached
  beforeAll(async () => {
    client = newClient((await memcachedOfRun()).address)
  })
  afterAll(() => client.end())
  return (clock?: () => number) => {
    const options: MemcachedStoreOptions = { prefix: newPrefix(), timeout: '5s', ...(clock && { clock }) }
    return memcachedStore(client, options)
  }
}
