/** What limiters do over time, on every store: reserving, waiting, holding. */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterOfRun, redisOfRun } from '../../../scripts/servers/of-run.ts'
import { type RedisServer, startRedis } from '../../../scripts/servers/redis.ts'
import { concurrency } from '../src/algorithms/concurrency.ts'
import { slidingLog } from '../src/algorithms/sliding-log.ts'
import { tokenBucket } from '../src/algorithms/token-bucket.ts'
import { createLimiter } from '../src/limiter.ts'
import type { Store } from '../src/store.ts'
import { memoryStore } from '../src/stores/memory.ts'
import { redisStore } from '../src/stores/redis/index.ts'
import { storesOnMemcached } from '../src/testing/memcached-stores.ts'
import { type Connected, newestKinds } from '../src/testing/redis-clients.ts'
import { newPrefix } from '../src/testing/redis-stores.ts'

const log = slidingLog({ limit: 1000, window: '1h' })
const bucket = tokenBucket({ capacity: 1, refill: 20, per: '1s' })

const connected: Connected[] = []
beforeAll(async () => {
  const [single, cluster] = await Promise.all([redisOfRun(), clusterOfRun()])
  const [ioredis, nodeRedis] = newestKinds
  connected.push(await ioredis!.single(single), await nodeRedis!.cluster(cluster.nodes))
})
afterAll(() => Promise.all(connected.map(({ close }) => close())))

const onRedis = (index: number): Store =>
  redisStore(connected[index]!.client, { prefix: newPrefix(), timeout: '5s' })

function stores(): Record<string, () => Store> {
  const memcached = storesOnMemcached()
  return {
    memory: () => memoryStore(),
    Redis: () => onRedis(0),
    'a Redis Cluster': () => onRedis(1),
    Memcached: () => memcached(),
  }
}

describe.each(Object.entries(stores()))('on %s', (_, open) => {
  it('what is reserved is settled by what it really cost, once', async () => {
    const limiter = createLimiter({ store: open(), algorithm: log })
    const used = async (): Promise<number> => (await limiter.peek('ada', { cost: 0 })).used
    const less = await limiter.reserve('ada', { cost: 800 })
    expect(await used()).toBe(800)
    await less.settle(300)
    await less.settle(0)
    await less.cancel()
    expect(await used()).toBe(300)
    const more = await limiter.reserve('ada', { cost: 100, maxDebt: 250 })
    await more.settle(400)
    expect(await used()).toBe(650)
    const none = await limiter.reserve('ada', { cost: 50 })
    await none.cancel()
    expect(await used()).toBe(650)
    const refused = await limiter.reserve('ada', { cost: 500 })
    expect(refused.decision.allowed).toBe(false)
    await refused.settle(900)
    expect(await used()).toBe(650)
    await limiter.close()
  })

  it('those who wait leave in order, and who could not be in time is refused at once', async () => {
    const limiter = createLimiter({ store: open(), algorithm: bucket })
    const left: number[] = []
    const start = performance.now()
    const waits = Array.from({ length: 5 }, async (_unused, index) => {
      const { allowed } = await limiter.wait('ada', { maxWait: '5s' })
      if (allowed) left.push(index)
    })
    const late = await limiter.wait('ada', { maxWait: 100 })
    expect(late.allowed).toBe(false)
    expect(late.retryAfterMs).toBeGreaterThan(100)
    await Promise.all(waits)
    expect(left).toEqual([0, 1, 2, 3, 4])
    expect(performance.now() - start).toBeGreaterThan(4 * 50 - 20)
    await limiter.close()
  })

  it('a slot that is held is freed once', async () => {
    const limiter = createLimiter({ store: open(), algorithm: concurrency({ limit: 2, ttl: '1m' }) })
    const [one, two] = [await limiter.acquire('ada'), await limiter.acquire('ada')]
    expect((await limiter.acquire('ada')).decision.allowed).toBe(false)
    await Promise.all([one.release(), one.release(), one.release()])
    expect((await limiter.peek('ada', { cost: 0 })).used).toBe(1)
    await two.release()
    expect((await limiter.peek('ada', { cost: 0 })).used).toBe(0)
    await limiter.close()
  })
})

describe('ioredis with pipelines of its own making', () => {
  let server: RedisServer
  let client: Redis
  beforeAll(async () => {
    server = await startRedis()
    client = new Redis(server.port, { autoResendUnfulfilledCommands: false, enableAutoPipelining: true })
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  it('goes on when scripts are forgotten in the middle of one', async () => {
    const store = redisStore(client, { prefix: newPrefix(), timeout: '5s', denyCache: false })
    const limiter = createLimiter({ store, algorithm: slidingLog({ limit: 70, window: '1h' }) })
    let allowed = 0
    for (let round = 0; round < 4; round++) {
      const calls = Array.from({ length: 20 }, () => limiter.take('ada'))
      await server.ask('SCRIPT', 'FLUSH')
      for (const decision of await Promise.all(calls)) {
        expect(decision.source).toBe('store')
        if (decision.allowed) allowed++
      }
    }
    expect(allowed).toBe(70)
    await limiter.close()
  })
})
