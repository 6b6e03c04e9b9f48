/** What docs/migrate.md says of rate-limiter-flexible, tried with both libraries. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { createLimiter, fixedWindow, memoryStore } from '../packages/core/src/index.ts'
import { memcachedStore } from '../packages/core/src/stores/memcached/index.ts'
import { redisStore } from '../packages/core/src/stores/redis/index.ts'
import { memcachedOfRun, redisOfRun } from '../scripts/servers/of-run.ts'
import { consumed, flexible, Memcached, Redis } from './testing/peers.ts'

const NOW = 1_790_000_000_400
const frozen = (): ReturnType<typeof memoryStore> => memoryStore({ clock: () => NOW })
const { RateLimiterMemcache, RateLimiterMemory, RateLimiterRedis, RateLimiterRes, RateLimiterUnion } =
  flexible

async function redis(): Promise<{ client: InstanceType<typeof Redis>; prefix: string }> {
  const { host, port, prefix } = await redisOfRun()
  const client = new Redis({ host, port, autoResendUnfulfilledCommands: false })
  onTestFinished(() => client.disconnect())
  return { client, prefix }
}

describe('From rate-limiter-flexible', () => {
  it('A refusal is a value', async () => {
    const theirs = new RateLimiterMemory({ points: 1, duration: 60 })
    await theirs.consume('key')
    await expect(theirs.consume('key')).rejects.toBeInstanceOf(RateLimiterRes)
    const limiter = createLimiter({ limit: 1, window: '1m', store: frozen() })
    expect([limiter.take('key').allowed, limiter.take('key').allowed]).toEqual([true, false])
  })

  it('A refused cost is not charged', async () => {
    const theirs = new RateLimiterMemory({ points: 10, duration: 60 })
    expect(await consumed(theirs, [7, 5])).toEqual([true, false])
    expect((await theirs.get('key'))?.remainingPoints).toBe(0)
    const limiter = createLimiter({ limit: 10, window: '1m', store: frozen() })
    expect([7, 5].map((cost) => limiter.take('key', { cost }).allowed)).toEqual([true, false])
    expect(limiter.peek('key').remaining).toBe(3)
  })

  it('A number is milliseconds', () => {
    const windowOf = (window: number | '60s'): number | undefined =>
      createLimiter({ limit: 1, window }).policies[0]?.windowMs
    expect(new RateLimiterMemory({ points: 1, duration: 60 }).msDuration).toBe(60_000)
    expect([windowOf('60s'), windowOf(60)]).toEqual([60_000, 60])
  })

  it('Windows of less than a second end', async () => {
    const { client, prefix } = await redis()
    const { address, prefix: keyPrefix } = await memcachedOfRun()
    const memcached = new Memcached(address)
    onTestFinished(() => memcached.end())
    const half = { points: 1, duration: 0.5 }
    const theirs = [
      new RateLimiterRedis({ ...half, storeClient: client, keyPrefix: prefix }),
      new RateLimiterMemcache({ ...half, storeClient: memcached, keyPrefix }),
    ]
    for (const limiter of theirs) {
      await limiter.consume('key')
      expect((await limiter.get('key'))?.msBeforeNext).toBe(-1)
      await limiter.delete('key')
    }
    const algorithm = fixedWindow({ limit: 1, window: 500 })
    const stores = [
      redisStore(client, { prefix, timeout: '5s' }),
      memcachedStore(memcached, { prefix, timeout: '5s' }),
    ]
    for (const store of stores) {
      const limiter = createLimiter({ algorithm, store })
      await limiter.take('key')
      const { allowed, retryAfterMs, source } = await limiter.take('key')
      expect([allowed, source]).toEqual([false, 'store'])
      expect(retryAfterMs).toBeLessThanOrEqual(500)
      await limiter.reset('key')
    }
  })

  it('Several limits are charged together or not at all', async () => {
    const wide = new RateLimiterMemory({ keyPrefix: 'wide', points: 100, duration: 60 })
    const union = new RateLimiterUnion(
      wide,
      new RateLimiterMemory({ keyPrefix: 'tight', points: 1, duration: 60 }),
    )
    for (let turn = 0; turn < 10; turn++) await union.consume('key').catch(() => undefined)
    expect((await wide.get('key'))?.consumedPoints).toBe(10)
    const policies = [
      { name: 'wide', limit: 100, window: '1m' },
      { name: 'tight', limit: 1, window: '1m' },
    ] as const
    const limiter = createLimiter({ policies, store: frozen() })
    for (let turn = 0; turn < 10; turn++) limiter.take('key')
    expect(limiter.peek('key').policies.map(({ used }) => used)).toEqual([1, 1])
  })

  it('What is given back was taken', async () => {
    const theirs = new RateLimiterMemory({ points: 10, duration: 60 })
    await theirs.reward('key', 5)
    expect(await consumed(theirs, [15])).toEqual([true])
    const limiter = createLimiter({ limit: 10, window: '1m', store: frozen() })
    const decision = limiter.take('key', { cost: 5 })
    limiter.refund(decision)
    limiter.refund(decision)
    expect(limiter.take('key', { cost: 11 }).allowed).toBe(false)
    expect(limiter.peek('key').remaining).toBe(10)
  })

  it('A penalty is a settlement', async () => {
    const theirs = new RateLimiterMemory({ points: 10, duration: 60 })
    await theirs.consume('key', 9)
    await theirs.penalty('key', 3)
    expect((await theirs.get('key'))?.consumedPoints).toBe(12)
    const limiter = createLimiter({ limit: 10, window: '1m', store: frozen() })
    const most = limiter.take('key', { cost: 8 })
    limiter.settle(limiter.take('key'), 4)
    expect(limiter.take('key').allowed).toBe(false)
    limiter.refund(most)
    expect(limiter.peek('key').used).toBe(4)
  })
})
