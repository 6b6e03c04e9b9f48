import { describe, expect, it } from 'vitest'
import { type OneKey, allowed, denied, oneKey } from '../testing/one-key.ts'
import { calendarWindow } from './calendar-window.ts'

const month = { limit: 100, every: 'month', timeZone: 'Europe/Paris', rollover: 0.5 } as const
const monthly = calendarWindow(month)

/** Noon of a day of 2026 in UTC, some days or months on. */
const noon = (month_: number, day = 15): number => Date.UTC(2026, month_ - 1, day, 12)

/** The quota of a key at a time, and what is left of it. */
function standing(key: OneKey, now: number): [quota: number | undefined, remaining: number] {
  const { limit, remaining } = key.ask(now, 0)
  return [limit, remaining]
}

describe('a monthly quota of 100 of which half rolls over', () => {
  it('is 100 for a key never seen', () => {
    const key = oneKey(monthly)
    expect(standing(key, noon(6))).toEqual([100, 100])
    expect(key.take(noon(6), 101)).toEqual({ ...denied(100, Infinity, 0), limit: 100 })
  })

  it.each([
    [40, 150],
    [50, 150],
    [51, 149],
    [80, 120],
    [100, 100],
  ])('after a month of %d is %d', (used, next) => {
    const key = oneKey(monthly)
    key.take(noon(6), used)
    expect(standing(key, noon(6))).toEqual([100, 100 - used])
    expect(standing(key, noon(7))).toEqual([next, next])
    expect(key.take(noon(7), next)).toMatchObject({ allowed: true, remaining: 0, limit: next })
    expect(key.ask(noon(7))).toMatchObject({ allowed: false, limit: next })
  })

  it('is 100 again after a month in which all 150 were used', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    key.take(noon(7), 150)
    expect(standing(key, noon(8))).toEqual([100, 100])
  })

  it('uses what was carried first: of 60 in a month of 150 only 10 are its own', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    key.take(noon(7), 60)
    expect(standing(key, noon(8))).toEqual([150, 150])
    key.take(noon(8), 120)
    expect(standing(key, noon(9))).toEqual([130, 130])
  })

  it('never carries what was carried', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    // 30 of the 50 that were carried are not used, and are lost.
    key.take(noon(7), 20)
    expect(standing(key, noon(8))).toEqual([150, 150])
  })

  it('is 150 after an idle month, and 100 after two', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 100)
    expect(standing(key, noon(7))).toEqual([100, 100])
    expect(standing(key, noon(8))).toEqual([150, 150])
    expect(standing(key, noon(9))).toEqual([100, 100])
    expect(standing(key, noon(12))).toEqual([100, 100])
    key.take(noon(8), 150)
    expect(standing(key, noon(9))).toEqual([100, 100])
  })

  it('is kept until the end of the second month after a charge', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 1)
    const end = Date.parse('2026-08-31T22:00:00Z')
    expect(key.ttlMs(noon(6))).toBe(end - noon(6))
    expect([standing(key, end - 1), standing(key, end)]).toEqual([
      [150, 150],
      [100, 100],
    ])
    expect(key.ttlMs(end)).toBe(0)
  })

  it('inherits no debt', () => {
    const key = oneKey(monthly)
    key.force(noon(6), 1000)
    expect(standing(key, noon(7))).toEqual([100, 100])
    expect(standing(key, noon(8))).toEqual([150, 150])
  })
})

describe('a wait for more than the limit', () => {
  const [july, august] = [Date.parse('2026-06-30T22:00:00Z'), Date.parse('2026-07-31T22:00:00Z')]

  it('is without end for a key to which nothing will ever be carried', () => {
    expect(oneKey(monthly).take(noon(6), 120)).toEqual({ ...denied(100, Infinity, 0), limit: 100 })
  })

  it('lasts until enough is carried over: to the next month, or the one after it, or for ever', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 70)
    const waitFor = (cost: number, now = noon(6)): number => key.ask(now, cost).retryAfterMs
    expect([31, 100, 130].map((cost) => waitFor(cost))).toEqual([1, 1, 1].map(() => july - noon(6)))
    expect([131, 150].map((cost) => waitFor(cost))).toEqual([1, 1].map(() => august - noon(6)))
    expect(waitFor(151)).toBe(Infinity)
    expect([key.ask(july - 1, 130).allowed, key.ask(july, 130).allowed]).toEqual([false, true])
    expect([key.ask(august - 1, 150).allowed, key.ask(august, 150).allowed]).toEqual([false, true])
    expect([130, 131, 150, 151].map((cost) => waitFor(cost, noon(7)))).toEqual([
      0,
      august - noon(7),
      august - noon(7),
      Infinity,
    ])
    expect([150, 151].map((cost) => waitFor(cost, noon(8)))).toEqual([0, Infinity])
  })

  it('goes by the months after the one that time stands still in', () => {
    const key = oneKey(monthly)
    key.take(july, 70)
    const back = july - 86_400_000
    const september = Date.parse('2026-08-31T22:00:00Z')
    expect([31, 131].map((cost) => key.ask(back, cost).retryAfterMs)).toEqual([
      august - back,
      september - back,
    ])
  })
})

describe('a refund where quotas roll over', () => {
  it('leaves more for the next period, and keeps what was carried into its own', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 60)
    key.take(noon(7), 70)
    key.refund(noon(7) + 1, 70, noon(7))
    expect(standing(key, noon(7) + 1)).toEqual([140, 140])
    expect(key.ttlMs(noon(7))).toBeGreaterThan(0)
    expect(standing(key, noon(8))).toEqual([150, 150])
  })

  it('of all that a new key was charged leaves nothing to carry', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 60)
    key.refund(noon(6), 60, noon(6))
    expect(key.ttlMs(noon(6))).toBe(0)
    expect(standing(key, noon(7))).toEqual([100, 100])
  })

  it('comes too late when the period is over', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 80)
    key.refund(noon(7), 80, noon(6))
    expect(standing(key, noon(7))).toEqual([120, 120])
  })
})

describe('periods of which quotas roll over', () => {
  it('are those of the billing day, also in months that are too short for it', () => {
    const key = oneKey(calendarWindow({ ...month, startDay: 31 }))
    key.take(Date.parse('2026-01-31T12:00:00Z'), 20)
    // Until 28 February in Paris, where the next one starts, which ends on 31 March, when summer time has begun.
    const edges = ['2026-02-27T23:00:00Z', '2026-03-30T22:00:00Z', '2026-04-29T22:00:00Z'].map(Date.parse)
    const quotas = edges.map((edge) => [edge - 1, edge].map((at) => key.ask(at, 0).limit))
    expect(quotas).toEqual([
      [100, 150],
      [150, 150],
      [150, 100],
    ])
  })

  it('are days of 23 and 25 hours', () => {
    const daily = calendarWindow({ limit: 10, every: 'day', timeZone: 'Europe/Paris', rollover: 1 })
    const key = oneKey(daily)
    key.take(Date.parse('2026-03-28T12:00:00Z'), 3)
    const [sunday, monday] = ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'].map(Date.parse) as [
      number,
      number,
    ]
    expect(key.take(sunday, 17)).toEqual({ ...allowed(0, 23 * 3_600_000), limit: 17 })
    expect(standing(key, monday)).toEqual([10, 10])
  })
})

describe('at worst', () => {
  it('2.5 * limit pass around one edge', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 1)
    const august = Date.parse('2026-07-31T22:00:00Z')
    expect([key.take(august - 1, 150).allowed, key.take(august, 100).allowed]).toEqual([true, true])
    expect(key.ask(august).allowed).toBe(false)
  })

  it('it is no more when a part of that is left to the next period', () => {
    for (let used = 0; used <= 150; used += 5) {
      const key = oneKey(monthly)
      key.take(noon(6), 1)
      key.take(noon(7), used)
      expect(used + key.ask(noon(8), 0).remaining).toBeLessThanOrEqual(250)
    }
  })
})

describe('a quota that rolls over under other parameters', () => {
  it('carries by the new limit and the new part of it', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    expect(standing(key.under(calendarWindow({ ...month, limit: 1000 })), noon(7))).toEqual([1500, 1500])
    expect(standing(key.under(calendarWindow({ ...month, limit: 60 })), noon(7))).toEqual([80, 80])
    expect(standing(key.under(calendarWindow({ ...month, limit: 30 })), noon(7))).toEqual([30, 30])
    expect(standing(key.under(calendarWindow({ ...month, rollover: 0.1 })), noon(7))).toEqual([110, 110])
  })

  it('keeps what was used when it begins to roll over, and has nothing carried into that period', () => {
    const { rollover: _, ...plain } = month
    const key = oneKey(calendarWindow(plain))
    key.take(noon(6), 30)
    expect(key.text().split(',').length).toBe(3)
    const later = key.under(monthly)
    expect(standing(later, noon(6))).toEqual([100, 70])
    later.take(noon(6), 10)
    expect(later.text().split(',').length).toBe(5)
    expect(standing(later, noon(7))).toEqual([150, 150])
  })

  it('keeps what was used when it ceases to, and nothing else', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    key.take(noon(7), 110)
    const plain = key.under(calendarWindow({ ...month, rollover: 0 }))
    expect(plain.ask(noon(7))).toEqual(denied(0, Date.parse('2026-07-31T22:00:00Z') - noon(7)))
    expect(plain.ask(noon(8), 0)).toEqual(allowed(100, 0))
    plain.take(noon(7))
    expect(plain.text().split(',').length).toBe(3)
  })

  it('carries nothing to another calendar', () => {
    const key = oneKey(monthly)
    key.take(noon(6), 40)
    const kyiv = calendarWindow({ ...month, timeZone: 'Europe/Kyiv' })
    expect(standing(key.under(kyiv), noon(6))).toEqual([100, 60])
    expect(standing(key.under(kyiv), noon(7))).toEqual([100, 100])
    const daily = calendarWindow({ ...month, every: 'day' })
    for (const day of [1, 2, 3, 15]) expect(standing(key.under(daily), noon(7, day))).toEqual([100, 100])
  })

  it('forgets what was carried when a clock was months ahead', () => {
    const key = oneKey(monthly)
    key.take(noon(8), 40)
    key.take(noon(9), 60)
    expect(standing(key, noon(7))).toEqual([100, 40])
  })
})

describe('the part that rolls over', () => {
  it.each([
    [100, 0.29, 29],
    [100, 0.57, 57],
    [7, 0.5, 3],
    [10, 0.999, 9],
    [3, 1 / 3, 1],
    [Number.MAX_SAFE_INTEGER - 1, 0, 0],
    [2 ** 52 - 1, 1, 2 ** 52 - 1],
  ])('of %d at %d is %d', (limit, rollover, most) => {
    const algorithm = calendarWindow({ limit, every: 'day', rollover })
    expect(algorithm.limit).toBe(limit)
    expect(algorithm.maxLimit).toBe(most === 0 ? undefined : limit + most)
    const key = oneKey(algorithm)
    key.take(noon(6), 1)
    expect(key.ask(noon(6, 17), limit + most).allowed).toBe(true)
    expect(key.ask(noon(6, 17), limit + most + 1)).toMatchObject({ allowed: false })
  })

  it('of one unit rounds down to nothing', () => {
    const key = oneKey(calendarWindow({ limit: 1, every: 'day', rollover: 0.5 }))
    key.take(noon(6))
    expect(key.text().split(',').length).toBe(3)
    expect(key.ask(noon(6))).toEqual(denied(0, 12 * 3_600_000))
  })
})
