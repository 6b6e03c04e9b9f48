import { describe, expect, it } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { world } from './testing/worlds.ts'

const log = slidingLog({ limit: 10, window: '1m' })
const window = fixedWindow({ limit: 5, window: '1h' })

describe('a refund', () => {
  it('finds what was charged by an algorithm of the call', () => {
    const { limiter } = world(log)
    const plan = { policy: 'default', key: 'ada', cost: 2, algorithm: window } as const
    const decision = limiter.decide([plan])
    limiter.take('ada')
    limiter.refund(decision)
    expect(limiter.decide([{ ...plan, cost: 0 }]).used).toBe(0)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })

  it('finds what was charged before and after the policy changed its kind', () => {
    const { limiter, left } = world(log)
    const [before, later] = [limiter.take('ada', { cost: 4 }), limiter.take('ada', { cost: 2 })]
    limiter.update({ algorithm: window })
    const after = limiter.take('ada', { cost: 3 })
    limiter.refund(before)
    expect(left()).toBe(2)
    limiter.refund(after)
    expect(left()).toBe(5)
    limiter.update({ algorithm: log })
    expect(left()).toBe(8)
    limiter.refund(later)
    expect(left()).toBe(10)
  })

  it('finds what was charged before the limit, window or time to live changed', () => {
    const changes: [Algorithm, Algorithm][] = [
      [window, fixedWindow({ limit: 100, window: '2h' })],
      [log, slidingLog({ limit: 100, window: '1h' })],
      [slidingWindow({ limit: 10, window: '1m' }), slidingWindow({ limit: 100, window: '1m' })],
      [
        tokenBucket({ capacity: 10, refill: 1, per: '1h' }),
        tokenBucket({ capacity: 100, refill: 7, per: '1h' }),
      ],
      [concurrency({ limit: 10, ttl: '1m' }), concurrency({ limit: 100, ttl: '1h' })],
    ]
    for (const [algorithm, other] of changes) {
      const { limiter, left } = world(algorithm)
      const decision = limiter.take('ada', { cost: 4 })
      limiter.update({ algorithm: other })
      limiter.take('ada')
      limiter.refund(decision)
      expect([other.kind, left()]).toEqual([other.kind, 99])
    }
  })

  it('of a policy that is gone does nothing to the others', () => {
    const { limiter, left } = world(log)
    limiter.update({
      policies: [
        { name: 'default', algorithm: log },
        { name: 'other', algorithm: window },
      ],
    } as object as { algorithm: Algorithm })
    const decision = limiter.take('ada', { cost: 4 })
    limiter.update({ algorithm: log })
    limiter.refund(decision)
    expect(left()).toBe(10)
  })

  it('leaves a key to its own plan, whatever plan others have', () => {
    const plans: [Algorithm, Algorithm][] = [
      [fixedWindow({ limit: 10, window: '1h' }), fixedWindow({ limit: 10, window: '1m' })],
      [slidingWindow({ limit: 10, window: '1h' }), slidingWindow({ limit: 10, window: '1m' })],
      [
        slidingWindow({ limit: 10, window: '1h', strict: true }),
        slidingWindow({ limit: 10, window: '1m', strict: true }),
      ],
      [slidingLog({ limit: 10, window: '1h' }), slidingLog({ limit: 10, window: '1m' })],
      [
        tokenBucket({ capacity: 10, refill: 1, per: '1h' }),
        tokenBucket({ capacity: 10, refill: 1000, per: '1m' }),
      ],
      [concurrency({ limit: 10, ttl: '1h' }), concurrency({ limit: 10, ttl: '1m' })],
    ]
    for (const [algorithm, others] of plans) {
      const { clock, limiter } = world(algorithm)
      const ofAda = { policy: 'default', key: 'ada', algorithm } as const
      const decision = limiter.decide([{ ...ofAda, cost: 3 }])
      clock.now += 1000
      limiter.decide([{ ...ofAda, cost: 2 }])
      limiter.decide([{ policy: 'default', key: 'bob', algorithm: others }])
      clock.now += 120_000
      limiter.refund(decision)
      expect([algorithm.kind, limiter.decide([{ ...ofAda, cost: 0 }]).used]).toEqual([algorithm.kind, 2])
    }
  })

  it('takes a decision that went through JSON', () => {
    const { limiter, left } = world(window)
    const decision = limiter.take('ada', { cost: 4 })
    limiter.refund(JSON.parse(JSON.stringify(decision)) as typeof decision)
    expect(left()).toBe(5)
  })
})
