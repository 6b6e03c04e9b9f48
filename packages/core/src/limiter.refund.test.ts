import { describe, expect, it } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { calendarWindow } from './algorithms/calendar-window.ts'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import { memoryStore } from './stores/memory.ts'
import { thrown } from './testing/thrown.ts'
import { noon, world } from './testing/worlds.ts'

const ten: Record<string, Algorithm> = {
  fixedWindow: fixedWindow({ limit: 10, window: '1m' }),
  slidingWindow: slidingWindow({ limit: 10, window: '1m' }),
  'slidingWindow, strict': slidingWindow({ limit: 10, window: '1m', strict: true }),
  slidingLog: slidingLog({ limit: 10, window: '1m' }),
  tokenBucket: tokenBucket({ capacity: 10, refill: 1, per: '1h' }),
  calendarWindow: calendarWindow({ limit: 10, every: 'day' }),
  concurrency: concurrency({ limit: 10, ttl: '1m' }),
}
const log = slidingLog({ limit: 10, window: '1m' })
const window = fixedWindow({ limit: 5, window: '1h' })

describe.each(Object.entries(ten))('a refund to a %s', (_, algorithm) => {
  it.each([NaN, 1.5, -1, Infinity, null, {}, '0', undefined])('of a decision at %j is refused', (at) => {
    const { limiter, left } = world(algorithm)
    const decision = limiter.take('ada', { cost: 4 })
    expect(thrown(() => limiter.refund({ ...decision, at: at as number }))).toMatch(
      /at must be a whole number/,
    )
    expect(left()).toBe(6)
  })

  it('undoes a decision: all of it, once', () => {
    const { limiter, left } = world(algorithm)
    const decision = limiter.take('ada', { cost: 4 })
    limiter.take('ada')
    expect(limiter.refund(decision)).toBeUndefined()
    expect(left()).toBe(9)
    limiter.refund(decision)
    limiter.refund(decision, { cost: 1 })
    expect(left()).toBe(9)
  })

  it('undoes a part of it, and then no more', () => {
    const { limiter, left } = world(algorithm)
    const decision = limiter.take('ada', { cost: 4 })
    limiter.refund(decision, { cost: 3 })
    expect(left()).toBe(9)
    limiter.refund(decision)
    expect(left()).toBe(9)
  })

  it('undoes at most what was charged', () => {
    const { clock, limiter, left } = world(algorithm)
    limiter.take('ada', { cost: 4 })
    clock.now += 1
    limiter.refund(limiter.take('ada', { cost: 2 }), { cost: 6 })
    expect(left()).toBe(6)
  })

  it('does nothing for a decision that was refused, asked or for nothing', () => {
    const { limiter, left } = world(algorithm)
    limiter.take('ada', { cost: 8 })
    limiter.refund(limiter.take('ada', { cost: 3 }))
    limiter.refund(limiter.take('ada', { cost: 0 }))
    limiter.refund(limiter.take('ada', { cost: 11 }))
    expect(left()).toBe(2)
  })
})

describe('a refund', () => {
  it('is for each policy what it is told', () => {
    const policies = [
      { name: 'log', algorithm: log },
      { name: 'window', algorithm: window },
      { name: 'shadow', algorithm: fixedWindow({ limit: 1, window: '1h' }), mode: 'shadow' },
    ] as const
    const limiter = createLimiter({ policies, store: memoryStore({ clock: () => noon }) })
    const used = (): number[] => limiter.peek('ada', { cost: 0 }).policies.map((policy) => policy.used)
    const first = limiter.take('ada', { cost: { log: 4, window: 2 } })
    const second = limiter.take('ada', { cost: { log: 1, window: 1 } })
    expect(used()).toEqual([5, 3, 1])
    limiter.refund(first, { cost: { log: 3 } })
    expect(used()).toEqual([2, 1, 0])
    // The shadow had no room for the second, so there is nothing to give back.
    limiter.take('ada')
    limiter.refund(second)
    expect(used()).toEqual([2, 1, 1])
  })

  it.each([-1, 0.5, NaN, '1'])('of %j units is refused, and the receipt stays good', (cost) => {
    const { limiter, left } = world(log)
    const decision = limiter.take('ada', { cost: 2 })
    expect(thrown(() => limiter.refund(decision, { cost: cost as number }))).toMatch(
      /Error: cost must be a whole number from 0 to \d+, got /,
    )
    const unknown = { cost: { hour: 1 } as object }
    expect(thrown(() => limiter.refund(decision, unknown))).toBe(
      "TypeError: a policy in cost must be one of 'default', got 'hour'",
    )
    limiter.refund(decision)
    expect(left()).toBe(10)
  })
})
