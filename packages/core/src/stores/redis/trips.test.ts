import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../../scripts/servers/redis.ts'
import { commandCalls, growth } from '../../../../../scripts/servers/stats.ts'
import { slidingLog } from '../../algorithms/sliding-log.ts'
import { tokenBucket } from '../../algorithms/token-bucket.ts'
import { createLimiter } from '../../limiter.ts'
import type { Limiter } from '../../limiter-types.ts'
import { type Connected, newestKinds } from '../../testing/redis-clients.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { type RedisStoreOptions, redisStore } from './index.ts'

for (const kind of newestKinds) {
  describe(`round trips by ${kind.name}, counted at the server`, () => {
    let server: RedisServer
    let connected: Connected
    beforeAll(async () => {
      server = await startRedis()
      connected = await kind.single(server)
    })
    afterAll(async () => {
      await connected.close()
      await server.stop()
    })

    const limiterWith = (options: RedisStoreOptions): Limiter<'async', 'hour'> =>
      createLimiter({
        store: redisStore(connected.client, { prefix: newPrefix(), timeout: '5s', ...options }),
        policies: [{ name: 'hour', algorithm: slidingLog({ limit: 5, window: '1h' }) }],
      })

    /** How many scripts the server ran meanwhile. */
    async function trips(run: () => Promise<unknown>): Promise<number> {
      const before = await commandCalls(server)
      await run()
      const { evalsha = 0, eval: evaluated = 0 } = growth(before, await commandCalls(server))
      return evalsha + evaluated
    }

    it('are at most one per maxStale for a key that is refused', async () => {
      const limiter = limiterWith({ denyCache: { maxStale: 200 } })
      await limiter.take('ada', { cost: 5 })
      const sources: Record<string, number> = {}
      const start = performance.now()
      const made = await trips(async () => {
        while (performance.now() - start < 1000) {
          const { allowed, source, retryAfterMs } = await limiter.take('ada')
          expect(allowed).toBe(false)
          expect(retryAfterMs).toBeGreaterThan(3_590_000)
          sources[source] = (sources[source] ?? 0) + 1
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      })
      const tookMs = performance.now() - start
      expect(made).toBeGreaterThanOrEqual(1)
      expect(made).toBeLessThanOrEqual(Math.ceil(tookMs / 200) + 1)
      expect(sources['deny-cache']).toBeGreaterThan(50)
      expect(sources['store']).toBe(made)
    })

    it('come back with the refusal of a smaller cost, a refund and a reset', async () => {
      const limiter = limiterWith({ denyCache: { maxStale: '1m' } })
      const decision = await limiter.take('ada', { cost: 3 })
      expect((await limiter.take('ada', { cost: 4 })).source).toBe('store')
      expect((await limiter.take('ada', { cost: 5 })).source).toBe('deny-cache')
      expect(await limiter.take('ada', { cost: 2 })).toMatchObject({ source: 'store', allowed: true })
      expect((await limiter.take('ada')).source).toBe('store')
      expect((await limiter.take('ada')).source).toBe('deny-cache')
      await limiter.refund(decision)
      expect(await limiter.take('ada')).toMatchObject({ source: 'store', allowed: true })
      await limiter.take('ada', { cost: 3 })
      await limiter.reset('ada')
      expect(await limiter.take('ada')).toMatchObject({ source: 'store', allowed: true })
    })

    it('are needed no more for a limit that was raised', async () => {
      const limiter = limiterWith({ denyCache: { maxStale: '1m' } })
      await limiter.take('ada', { cost: 5 })
      await limiter.take('ada')
      expect((await limiter.take('ada')).source).toBe('deny-cache')
      limiter.update({ policies: [{ name: 'hour', algorithm: slidingLog({ limit: 6, window: '1h' }) }] })
      expect(await limiter.take('ada')).toMatchObject({ source: 'store', allowed: true })
    })

    it('are at most two for a wait, and one in fifty for leases of 100', async () => {
      const queue = createLimiter({
        store: redisStore(connected.client, { prefix: newPrefix(), timeout: '5s' }),
        algorithm: tokenBucket({ capacity: 1, refill: 100, per: '1s' }),
      })
      const waits = await trips(() =>
        Promise.all(Array.from({ length: 10 }, () => queue.wait('ada', { maxWait: '5s' }))),
      )
      expect(waits).toBeLessThanOrEqual(20)

      const leased = createLimiter({
        store: redisStore(connected.client, { prefix: newPrefix(), timeout: '5s', lease: { size: 100 } }),
        algorithm: slidingLog({ limit: 1_000_000, window: '1h' }),
      })
      const made = await trips(async () => {
        for (let round = 0; round < 100; round++)
          await Promise.all(Array.from({ length: 50 }, () => leased.take('ada')))
      })
      expect(made).toBeLessThanOrEqual(5000 / 50)
      await leased.close()
      await queue.close()
    })
  })
}
