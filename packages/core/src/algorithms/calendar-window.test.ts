import { afterEach, describe, expect, it, vi } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { calendarWindow } from './calendar-window.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const noon = Date.UTC(2026, 5, 1, 12)
const day = calendarWindow({ limit: 3, every: 'day' })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('calendarWindow', () => {
  it('begins anew at midnight, UTC unless a zone is named', () => {
    const key = oneKey(day)
    expect(key.take(noon, 2)).toEqual(allowed(1, 12 * HOUR))
    expect(key.take(noon + HOUR, 2)).toEqual(denied(1, 11 * HOUR))
    expect(key.take(noon + 12 * HOUR - 1)).toEqual(allowed(0, 1))
    expect(key.take(noon + 12 * HOUR - 1)).toEqual(denied(0, 1))
    expect(key.take(noon + 12 * HOUR, 3)).toEqual(allowed(0, DAY))
    const paris = oneKey(calendarWindow({ limit: 3, every: 'day', timeZone: 'Europe/Paris' }))
    expect(paris.take(noon)).toEqual(allowed(2, 10 * HOUR))
  })

  it.each([
    ['minute', 60_000],
    ['hour', HOUR],
    ['day', DAY],
    ['week', 7 * DAY],
    ['month', 31 * DAY],
    ['year', 366 * DAY],
  ] as const)('tells clients the longest %s as its window', (every, windowMs) => {
    expect(calendarWindow({ limit: 3, every }).windowMs).toBe(windowMs)
  })

  it('never fits a cost above the limit, and counts nothing for a cost of 0', () => {
    const key = oneKey(day)
    expect(key.take(noon, 4)).toEqual(denied(3, Infinity, 0))
    expect(key.take(noon, 0)).toEqual(allowed(3, 0))
    expect(key.ttlMs(noon)).toBe(0)
  })

  it('waits for the end of a debt, which the next period does not inherit', () => {
    const key = oneKey(day)
    key.force(noon, 10)
    expect(key.ask(noon)).toEqual(denied(0, 12 * HOUR))
    expect(key.ask(noon + 12 * HOUR)).toEqual(allowed(2, DAY))
  })

  it('takes refunds of charges of the period, and of no other', () => {
    const key = oneKey(day)
    key.take(noon, 3)
    key.refund(noon + 1, 1, noon)
    key.refund(noon + 1, 1, noon - 12 * HOUR - 1)
    key.refund(noon + 1, 1, noon + 12 * HOUR)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(1, 12 * HOUR - 1))
    key.refund(noon + 12 * HOUR, 2, noon)
    key.take(noon + 12 * HOUR)
    key.refund(noon + 12 * HOUR, 1, noon)
    expect(key.ask(noon + 12 * HOUR, 0)).toEqual(allowed(2, DAY))
  })

  it.each([
    ['in its midst', noon, 1],
    ['in its first millisecond', noon + 10 * HOUR, 0],
  ])('asks the calendar once for a period, not for each call %s', (_, start, stepMs) => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts')
    const key = oneKey(calendarWindow({ limit: 1000, every: 'day', timeZone: 'Europe/Paris' }))
    for (let call = 0; call < 100; call++) key.take(start + call * stepMs)
    expect(asked.mock.calls.length).toBeLessThan(50)
  })
})

describe('a calendarWindow whose parameters change', () => {
  it('keeps the count where only the limit does', () => {
    const key = oneKey(day)
    key.take(noon, 2)
    const larger = key.under(calendarWindow({ limit: 10, every: 'day' }))
    expect(larger.ask(noon, 0)).toEqual(allowed(8, 12 * HOUR))
  })

  it('counts a shorter period that began within the longer one', () => {
    const key = oneKey(day)
    key.take(noon, 2)
    const month = key.under(calendarWindow({ limit: 10, every: 'month' }))
    expect(month.take(noon)).toEqual(allowed(7, 29.5 * DAY))
    expect(month.ask(noon + DAY, 0)).toEqual(allowed(7, 28.5 * DAY))
  })

  it('keeps for the shorter period what was counted in it', () => {
    const key = oneKey(day)
    key.take(noon + DAY, 2)
    const monthly = key.under(calendarWindow({ limit: 10, every: 'month' }))
    monthly.take(noon + DAY)
    expect(monthly.under(day).ask(noon + DAY, 0)).toEqual(allowed(0, 12 * HOUR))
  })

  it('has no count of a longer period that began before the shorter one', () => {
    const key = oneKey(calendarWindow({ limit: 10, every: 'year' }))
    key.take(noon, 9)
    expect(key.under(day).take(noon, 3)).toEqual(allowed(0, 12 * HOUR))
  })

  it('moves with the zone', () => {
    const key = oneKey(day)
    key.take(noon, 2)
    // Midnight in Kolkata was at 18:30 UTC, before the UTC day began, so the UTC day began within Kolkata's.
    const kolkata = key.under(calendarWindow({ limit: 3, every: 'day', timeZone: 'Asia/Kolkata' }))
    expect(kolkata.ask(noon, 0)).toEqual(allowed(1, 6.5 * HOUR))
  })
})

describe('a clock that steps back under a calendarWindow', () => {
  it('stands still for as long as a period lasts', () => {
    const key = oneKey(day)
    key.take(noon, 3)
    expect(key.ask(noon - 1.5 * DAY)).toEqual(denied(0, 2 * DAY))
  })

  it('counts in the period of the new time when it is further back', () => {
    const key = oneKey(day)
    key.take(noon, 3)
    expect(key.ask(noon - 1.5 * DAY - 1)).toEqual(denied(0, 1))
    expect(key.ask(noon - 2 * DAY)).toEqual(denied(0, 12 * HOUR))
  })
})
