import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createCluster, createSentinel } from 'redis'
import {
  createClient as createClient5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis5'
import { expectTypeOf, it } from 'vitest'
import type { Store } from '../../store.ts'
import { type RedisPort, redisStore } from './index.ts'

declare const port: RedisPort

it('takes the clients of all supported versions as they are', () => {
  const stores = [
    redisStore(new Redis()),
    redisStore(new Redis5()),
    redisStore(new Cluster([])),
    redisStore(new Cluster5([])),
    redisStore(createClient()),
    redisStore(createClient5()),
    redisStore(createCluster({ rootNodes: [] })),
    redisStore(createCluster5({ rootNodes: [] })),
    redisStore(createSentinel({ name: 'main', sentinelRootNodes: [] })),
    redisStore(createSentinel5({ name: 'main', sentinelRootNodes: [] })),
    redisStore(createClient({ RESP: 3, socket: { reconnectStrategy: 50 } })),
    redisStore(port),
  ]
  expectTypeOf(stores).toEqualTypeOf<Store<'async'>[]>()
})

it('takes nothing else', () => {
  // @ts-expect-error an address is no client
  redisStore('redis://127.0.0.1')
  // @ts-expect-error it cannot run scripts
  redisStore({ get: async () => null })
})
