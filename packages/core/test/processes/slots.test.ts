import Memcached from 'memcached'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clusterOfRun, memcachedOfRun, redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { concurrency } from '../../src/algorithms/concurrency.ts'
import { createLimiter } from '../../src/limiter.ts'
import type { Store } from '../../src/store.ts'
import { memcachedStore } from '../../src/stores/memcached/index.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { type Crew, crewOf, type Place } from './crew.ts'

const TTL_MS = 1500

const endings: (() => unknown)[] = []
let crew: Crew
beforeAll(async () => {
  crew = await crewOf(Object.keys(places).length)
})
afterAll(async () => {
  await crew.stop()
  for (const end of endings) await end()
})

/** Each store, and where a process finds it. */
const places: Record<string, (prefix: string) => Promise<{ place: Place; store: Store<'async'> }>> = {
  Redis: async (prefix) => {
    const { port } = await redisOfRun()
    const { client, close } = await newestKinds[1]!.single({ port })
    endings.push(close)
    return { place: { kind: 'redis', port }, store: redisStore(client, { prefix, timeout: '5s' }) }
  },
  'a Redis Cluster': async (prefix) => {
    const { nodes } = await clusterOfRun()
    const { client, close } = await newestKinds[1]!.cluster(nodes)
    endings.push(close)
    return { place: { kind: 'cluster', nodes }, store: redisStore(client, { prefix, timeout: '5s' }) }
  },
  Memcached: async (prefix) => {
    const { address } = await memcachedOfRun()
    const client = new Memcached(address)
    endings.push(() => client.end())
    return { place: { kind: 'memcached', address }, store: memcachedStore(client, { prefix, timeout: '5s' }) }
  },
}

it.each(Object.entries(places))(
  'slots in %s are renewed while they are held, and come free when their holder was killed',
  async (name, find) => {
    const prefix = newPrefix()
    const { place, store } = await find(prefix)
    const limiter = createLimiter({ store, algorithm: concurrency({ limit: 3, ttl: TTL_MS }) })
    const free = async (): Promise<number> => (await limiter.peek('key', { cost: 0 })).remaining
    const member = crew.members[Object.keys(places).indexOf(name)]
    await member!.prepare({
      store: place,
      prefix,
      algorithm: ['concurrency', { limit: 3, ttl: TTL_MS }],
      task: 'hold',
      calls: 2,
      inFlight: 2,
      stay: true,
    })
    expect((await member!.start()).allowed).toBe(2)
    const own = await limiter.acquire('key')
    expect(own.decision.allowed).toBe(true)
    expect(await free()).toBe(0)

    // Twice as long as they live without renewal.
    await new Promise((resolve) => setTimeout(resolve, 2 * TTL_MS))
    expect(await free()).toBe(0)
    await own.release()
    await own.release()
    expect(await free()).toBe(1)

    await member!.kill()
    const killedAt = performance.now()
    await expect.poll(free, { timeout: 10_000, interval: 50 }).toBe(3)
    expect(performance.now() - killedAt).toBeLessThan(TTL_MS + 1500)
    await limiter.close()
  },
)
