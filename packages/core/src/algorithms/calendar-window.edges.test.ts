import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { calendarWindow } from './calendar-window.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const noon = Date.UTC(2026, 5, 1, 12)
const midnight = noon + 12 * HOUR
const day = calendarWindow({ limit: 3, every: 'day' })
const month = calendarWindow({ limit: 10, every: 'month' })

describe('the edges of a calendarWindow', () => {
  it('belong to the period that they begin', () => {
    const key = oneKey(day)
    key.take(midnight, 2)
    key.refund(midnight + 1, 1, midnight)
    expect(key.ask(midnight + 1, 0)).toEqual(allowed(2, DAY - 1))
    key.refund(midnight + 1, 1, midnight - 1)
    key.refund(midnight + 1, 1, midnight + DAY)
    expect(key.ask(midnight + 1, 0)).toEqual(allowed(2, DAY - 1))
  })

  it('end what can be given back, even to a clock that steps back', () => {
    const key = oneKey(day)
    key.take(noon, 3)
    key.refund(midnight, 3, noon)
    expect(key.ask(midnight - 1)).toEqual(denied(0, 1))
    key.refund(midnight - 1, 1, noon)
    expect(key.ask(midnight - 1)).toEqual(allowed(0, 1))
  })
})

describe('the numbers for a twin', () => {
  it('are one list for as long as a period lasts', () => {
    const sent = day.args(noon)
    expect(day.args(midnight - 1)).toBe(sent)
    expect(day.args(midnight)).not.toEqual(sent)
  })
})

describe('a calendarWindow that holds nothing', () => {
  it('is not written anew by a refused take when it is over', () => {
    const key = oneKey(day)
    key.take(noon, 2)
    const over = key.text()
    for (const now of [midnight, midnight + 1, midnight + DAY]) {
      expect(key.take(now, 4)).toEqual(denied(3, Infinity, 0))
      expect(key.text()).toBe(over)
    }
  })

  it('is not moved to another calendar', () => {
    const key = oneKey(day)
    key.take(noon, 2)
    key.refund(noon + 1, 2, noon)
    const empty = key.text()
    const monthly = key.under(month)
    expect(monthly.take(noon + 1, 11)).toEqual(denied(10, Infinity, 0))
    expect(monthly.text()).toBe(empty)
    expect(monthly.take(noon + 1)).toEqual(allowed(9, 29.5 * DAY - 1))
  })
})

describe('calendars whose periods end together', () => {
  const end = Date.UTC(2026, 6, 1)

  it('count the day within its month', () => {
    const key = oneKey(day)
    key.take(end - HOUR, 2)
    const monthly = key.under(month)
    expect(monthly.take(end - HOUR)).toEqual(allowed(7, HOUR))
    // Where the day began, so that it is still that day's when its own plan comes back.
    expect(monthly.text()).toBe(`${end - DAY},${end},3`)
  })

  it('do not count the month against its last day', () => {
    const key = oneKey(month)
    key.take(noon, 9)
    expect(key.under(day).take(end - HOUR, 3)).toEqual(allowed(0, HOUR))
  })
})
