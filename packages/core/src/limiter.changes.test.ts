import { describe, expect, it } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { calendarWindow } from './algorithms/calendar-window.ts'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { gcra } from './algorithms/gcra.ts'
import { leakyBucket } from './algorithms/leaky-bucket.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import type { PolicyReset } from './bound-policies.ts'
import { createLimiter } from './limiter.ts'
import { memoryStore } from './stores/memory.ts'

const noon = Date.UTC(2026, 5, 1, 12)

/** Algorithms by their limit. */
const plans: Record<string, (limit: number) => Algorithm> = {
  fixedWindow: (limit) => fixedWindow({ limit, window: '1h' }),
  'fixedWindow, aligned': (limit) => fixedWindow({ limit, window: '1h', align: 'clock' }),
  slidingWindow: (limit) => slidingWindow({ limit, window: '1h' }),
  'slidingWindow, strict': (limit) => slidingWindow({ limit, window: '1h', strict: true }),
  slidingLog: (limit) => slidingLog({ limit, window: '1h' }),
  tokenBucket: (limit) => tokenBucket({ capacity: limit, refill: limit, per: '30d' }),
  leakyBucket: (limit) => leakyBucket({ capacity: limit, leak: limit, per: '30d' }),
  gcra: (limit) => gcra({ limit, window: '30d' }),
  calendarWindow: (limit) => calendarWindow({ limit, every: 'day' }),
  concurrency: (limit) => concurrency({ limit, ttl: '1h' }),
}

describe.each(Object.entries(plans))('a customer of a %s', (_, plan) => {
  it('who used 100 of 100 and upgrades to 1,000 has 900 left', () => {
    const limiter = createLimiter({ algorithm: plan(100), store: memoryStore({ clock: () => noon }) })
    expect(limiter.take('ada', { cost: 100 })).toMatchObject({ allowed: true, remaining: 0 })
    limiter.update({ algorithm: plan(1000) })
    expect(limiter.peek('ada', { cost: 0 })).toMatchObject({ limit: 1000, used: 100, remaining: 900 })
    expect(limiter.take('ada', { cost: 901 }).allowed).toBe(false)
    expect(limiter.take('ada', { cost: 900 }).allowed).toBe(true)
  })

  it('who goes to and fro between two plans gains nothing', () => {
    const clock = { now: noon }
    const limiter = createLimiter({ algorithm: plan(10), store: memoryStore({ clock: () => clock.now }) })
    let passed = 0
    for (let flip = 0; flip < 20; flip++) {
      const charge = { policy: 'default', key: 'ada', algorithm: plan(flip % 2 === 0 ? 10 : 100) } as const
      while (limiter.decide([charge]).allowed) passed++
      clock.now += 7
    }
    expect(passed).toBe(100)
  })

  it('who downgrades waits until enough has left', () => {
    const limiter = createLimiter({ algorithm: plan(100), store: memoryStore({ clock: () => noon }) })
    limiter.take('ada', { cost: 50 })
    limiter.update({ algorithm: plan(10) })
    expect(limiter.peek('ada')).toMatchObject({ allowed: false, limit: 10, used: 10, remaining: 0 })
    expect(limiter.peek('ada').retryAfterMs).toBeGreaterThan(0)
    expect(limiter.peek('ada').retryAfterMs).toBeLessThan(Infinity)
  })
})

describe('a customer who goes to and fro between two windows at one instant', () => {
  const day = (more: object): Algorithm => calendarWindow({ limit: 100, every: 'day', ...more })
  const hour = (align: 'clock' | 'first-charge'): Algorithm =>
    fixedWindow({ limit: 100, window: '1h', align })
  const minute = (align: 'clock' | 'first-charge'): Algorithm =>
    fixedWindow({ limit: 100, window: '1m', align })
  const month = (startDay: number): Algorithm => calendarWindow({ limit: 100, every: 'month', startDay })

  it.each<[string, Algorithm, Algorithm]>([
    ['day and month', day({}), month(1)],
    ['days of two zones', day({}), day({ timeZone: 'Asia/Tokyo' })],
    ['months of two billing days', month(1), month(15)],
    ['hour and minute of the clock', hour('clock'), minute('clock')],
    ['hour of the clock and minute of its own', hour('clock'), minute('first-charge')],
    ['hour of its own and minute of the clock', hour('first-charge'), minute('clock')],
    ['hours of both kinds', hour('first-charge'), hour('clock')],
    [
      'sliding windows',
      slidingWindow({ limit: 100, window: '1h' }),
      slidingWindow({ limit: 100, window: '7m' }),
    ],
    ['logs', slidingLog({ limit: 100, window: '1h' }), slidingLog({ limit: 100, window: '7m' })],
  ])('gains nothing: %s', (_, one, other) => {
    const clock = { now: noon + 1_234_567 }
    const limiter = createLimiter({ algorithm: one, store: memoryStore({ clock: () => clock.now }) })
    const passed = Array.from({ length: 20 }, (__, flip) => {
      const charge = { policy: 'default', key: 'ada', algorithm: flip % 2 === 0 ? one : other } as const
      let units = 0
      while (limiter.decide([charge]).allowed) units++
      return units
    })
    // What began before a shorter window does not count in it, once.
    expect(passed.slice(2)).toEqual(Array(18).fill(0))
    expect(passed[0]).toBe(100)
  })
})

describe('update', () => {
  const log = slidingLog({ limit: 10, window: '1m' })
  const window = fixedWindow({ limit: 10, window: '1m' })
  const bucket = tokenBucket({ capacity: 10, refill: 1, per: '1m' })

  it('replaces the policies, keeping what was used under their names', () => {
    const limiter = createLimiter({
      policies: [
        { name: 'a', algorithm: log },
        { name: 'b', algorithm: log },
      ],
    })
    limiter.take('ada', { cost: 4 })
    limiter.update({
      policies: [{ name: 'b', algorithm: slidingLog({ limit: 5, window: '1h' }), mode: 'shadow' }],
    })
    expect(limiter.policies).toMatchObject([{ name: 'b', limit: 5, windowMs: 3_600_000, mode: 'shadow' }])
    expect(limiter.take('ada').policies).toMatchObject([{ name: 'b', used: 5 }])
  })

  it('refuses what no limiter could be made of, and leaves everything as it is', () => {
    const limiter = createLimiter({ algorithm: log })
    limiter.take('ada')
    expect(() => limiter.update({ limit: -1, window: '1m' })).toThrow(RangeError)
    expect(() => limiter.update({ policies: [] })).toThrow(TypeError)
    expect(() =>
      limiter.update({ algorithm: log, store: memoryStore() } as { algorithm: Algorithm }),
    ).toThrow("update has no option 'store'")
    expect(limiter.take('ada')).toMatchObject({ limit: 10, used: 2 })
  })

  it('starts a policy afresh that changes its kind, and says so once', () => {
    const events: PolicyReset[] = []
    const limiter = createLimiter({ algorithm: log, on: { policyReset: (event) => events.push(event) } })
    limiter.take('ada', { cost: 4 })
    limiter.update({ algorithm: slidingLog({ limit: 20, window: '1m' }) })
    expect(events).toEqual([])
    limiter.update({ algorithm: window })
    expect(limiter.take('ada').used).toBe(1)
    limiter.update({ algorithm: bucket })
    expect(events).toEqual([
      { policy: 'default', from: 'slidingLog', to: 'fixedWindow' },
      { policy: 'default', from: 'fixedWindow', to: 'tokenBucket' },
    ])
  })

  it('says what a policy was last, also where it has been there before', () => {
    const events: PolicyReset[] = []
    const limiter = createLimiter({ algorithm: log, on: { policyReset: (event) => events.push(event) } })
    limiter.update({ algorithm: window })
    limiter.update({ algorithm: log })
    limiter.update({ algorithm: bucket })
    expect(events.at(-1)).toEqual({ policy: 'default', from: 'slidingLog', to: 'tokenBucket' })
  })

  it('keeps what a reset has to find: state of every kind that a policy had', () => {
    const limiter = createLimiter({ algorithm: log })
    limiter.take('ada', { cost: 4 })
    limiter.update({ algorithm: window })
    limiter.take('ada', { cost: 3 })
    limiter.reset('ada')
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
    limiter.update({ algorithm: log })
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
  })
})
