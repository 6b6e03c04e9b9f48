import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import type { Duration } from '../check.ts'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { thrown } from '../testing/thrown.ts'
import { calendarWindow } from './calendar-window.ts'
import { concurrency } from './concurrency.ts'
import { fixedWindow } from './fixed-window.ts'
import { gcra } from './gcra.ts'
import { leakyBucket } from './leaky-bucket.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const MOST = Number.MAX_SAFE_INTEGER

const windows: Record<string, (limit: number, window: Duration) => Algorithm> = {
  fixedWindow: (limit, window) => fixedWindow({ limit, window }),
  'fixedWindow, aligned': (limit, window) => fixedWindow({ limit, window, align: 'clock' }),
  slidingWindow: (limit, window) => slidingWindow({ limit, window }),
  'slidingWindow, strict': (limit, window) => slidingWindow({ limit, window, strict: true }),
  slidingLog: (limit, window) => slidingLog({ limit, window }),
  tokenBucket: (limit, window) => tokenBucket({ capacity: limit, refill: limit, per: window }),
  leakyBucket: (limit, window) => leakyBucket({ capacity: limit, leak: limit, per: window }),
  gcra: (limit, window) => gcra({ limit, window }),
  concurrency: (limit, window) => concurrency({ limit, ttl: window }),
}

describe.each(Object.entries(windows))('%s', (_, algorithm) => {
  it.each([1, '1ms', 7, '250ms', '10s', '1m', '2h', '7d', '3660d'] as const)(
    'enforces a window of %s to its last millisecond',
    (window) => {
      const key = oneKey(algorithm(3, window))
      expect(key.take(noon, 3)).toMatchObject({ allowed: true, remaining: 0 })
      const { retryAfterMs } = key.ask(noon, 3)
      expect(retryAfterMs).toBeGreaterThan(0)
      expect(key.take(noon + retryAfterMs - 1, 3)).toMatchObject({ allowed: false, retryAfterMs: 1 })
      expect(key.take(noon + retryAfterMs, 3)).toMatchObject({ allowed: true, remaining: 0 })
    },
  )

  it('counts exactly up to the largest exact integer', () => {
    const key = oneKey(algorithm(MOST, 1))
    expect(key.take(noon, MOST - 2).remaining).toBe(2)
    expect(key.take(noon, 3)).toMatchObject({ allowed: false, remaining: 2 })
    expect(key.take(noon).remaining).toBe(1)
    expect(key.take(noon).remaining).toBe(0)
    expect(key.take(noon)).toMatchObject({ allowed: false, remaining: 0 })
  })

  it('keeps to the largest exact integer where debt goes beyond', () => {
    const key = oneKey(algorithm(MOST, 1))
    for (let more = 0; more < 3; more++) key.force(noon, MOST)
    expect(key.ask(noon)).toMatchObject({ allowed: false, remaining: 0 })
    expect(key.ask(noon).retryAfterMs).toBeLessThanOrEqual(3)
  })
})

describe('calendarWindow', () => {
  it.each(['minute', 'hour', 'day', 'week', 'month', 'year'] as const)(
    'enforces a %s to its last millisecond',
    (every) => {
      const key = oneKey(calendarWindow({ limit: 3, every, timeZone: 'Asia/Kathmandu' }))
      const { resetMs } = key.take(noon, 3)
      expect(key.take(noon + resetMs - 1)).toEqual(denied(0, 1))
      expect(key.take(noon + resetMs, 3)).toMatchObject({ allowed: true, remaining: 0 })
    },
  )

  it('counts exactly up to the largest exact integer', () => {
    const key = oneKey(calendarWindow({ limit: MOST, every: 'day' }))
    expect(key.take(noon, MOST - 1)).toEqual(allowed(1, 43_200_000))
    expect(key.take(noon, 2)).toEqual(denied(1, 43_200_000))
    expect(key.take(noon)).toEqual(allowed(0, 43_200_000))
  })
})

describe('buckets', () => {
  it('take any capacity, refill and time whose product stays exact', () => {
    const exact = [
      tokenBucket({ capacity: MOST, refill: 1, per: 1 }),
      tokenBucket({ capacity: MOST, refill: 3660 * 86_400_000, per: '3660d' }),
      tokenBucket({ capacity: MOST, refill: 1000, per: '1s' }),
      leakyBucket({ capacity: Math.floor(MOST / 1000), leak: 1, per: '1s' }),
      gcra({ limit: 7, window: '1s', burst: Math.floor(MOST / 1000) }),
    ]
    for (const algorithm of exact) {
      const key = oneKey(algorithm)
      expect(key.take(noon, algorithm.limit - 1)).toMatchObject({ allowed: true, remaining: 1 })
      expect(key.take(noon, 2)).toMatchObject({ allowed: false, remaining: 1 })
      expect(key.take(noon, 1)).toMatchObject({ allowed: true, remaining: 0 })
    }
  })

  it('refuse others where they are made, with the names of the options', () => {
    const more = Math.floor(MOST / 1000) + 1
    expect(thrown(() => tokenBucket({ capacity: more, refill: 1, per: '1s' }))).toMatch(
      /^RangeError: capacity \* per \/ gcd\(refill, per\) must be below 2\^53, got 9007199254741000$/,
    )
    expect(thrown(() => tokenBucket({ capacity: MOST, refill: 1, per: 2 }))).toMatch(/^RangeError: capacity/)
    expect(thrown(() => leakyBucket({ capacity: more, leak: 7, per: '1s' }))).toMatch(
      /^RangeError: capacity \* per \/ gcd\(leak, per\)/,
    )
    expect(thrown(() => gcra({ limit: 7, window: '1s', burst: more }))).toMatch(
      /^RangeError: burst \* window \/ gcd\(limit, window\)/,
    )
  })

  it('stay exact when a change of parameters would not', () => {
    const key = oneKey(tokenBucket({ capacity: MOST, refill: 1, per: 1 }))
    key.take(noon, MOST - 5)
    const thirds = key.under(tokenBucket({ capacity: Math.floor(MOST / 3), refill: 1, per: 3 }))
    // What does not fit is debt that stops at the largest exact integer.
    expect(thirds.ask(noon)).toMatchObject({ allowed: false, remaining: 0 })
    const back = key.under(tokenBucket({ capacity: MOST, refill: 2, per: 2 }))
    expect(back.ask(noon, 0)).toMatchObject({ remaining: 5 })
  })
})

describe('slidingWindow, where limit * window is above 2^53', () => {
  it('counts time in coarser steps, which never end too soon', () => {
    const limit = 2 ** 50
    // Eight steps of 125 ms.
    const key = oneKey(slidingWindow({ limit, window: 1000 }))
    key.take(noon, limit)
    expect(key.ask(noon + 1124)).toEqual(denied(0, 1))
    expect(key.ask(noon + 1125, 0)).toEqual(allowed(limit / 8, 875))
    expect(key.ask(noon + 1999, 0)).toEqual(allowed((limit / 8) * 7, 1))
    expect(key.ask(noon + 2000, 0)).toEqual(allowed(limit, 0))
  })

  it('never has a shorter window than it was asked for', () => {
    // Eight steps of 126 ms.
    const key = oneKey(slidingWindow({ limit: 2 ** 50, window: 1001 }))
    const start = noon - (noon % 1008)
    expect(key.take(start, 2 ** 50)).toEqual(allowed(0, 1008))
    expect(key.ask(start + 1133)).toEqual(denied(0, 1))
    expect(key.ask(start + 1134).allowed).toBe(true)
  })

  it('has one step for the largest limit: the last window counts until the next is over', () => {
    const key = oneKey(slidingWindow({ limit: MOST, window: '1m' }))
    key.take(noon, MOST)
    expect(key.ask(noon + 119_999)).toEqual(denied(0, 1))
    expect(key.ask(noon + 120_000, MOST)).toEqual(allowed(0, 60_000))
  })
})
