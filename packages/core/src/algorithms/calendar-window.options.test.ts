import { afterEach, describe, expect, it, vi } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import { type CalendarWindowOptions, calendarWindow } from './calendar-window.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the options of a calendarWindow', () => {
  const error = (options: Partial<CalendarWindowOptions>): string | undefined =>
    thrown(() => calendarWindow({ limit: 3, every: 'day', ...options }))

  it.each(['Europe/Pariss', '', 'Paris', 'Mars/Olympus', '../etc/passwd'])(
    'know no time zone %j',
    (timeZone) => {
      expect(error({ timeZone })).toBe(
        `RangeError: timeZone must be a zone that this platform knows, such as 'Europe/Paris', got '${timeZone}'`,
      )
    },
  )

  it('take a time zone as text only', () => {
    for (const timeZone of [null, 2, {}, ['Europe/Paris']]) {
      expect(error({ timeZone: timeZone as unknown as string })).toMatch(
        /^TypeError: timeZone must be a zone/,
      )
    }
  })

  it('are not blamed for what is wrong with the platform', () => {
    vi.spyOn(Intl, 'DateTimeFormat').mockImplementation(function broken() {
      throw new TypeError('no calendar today')
    })
    expect(error({ timeZone: 'Europe/Paris' })).toBe('TypeError: no calendar today')
  })

  it('have a weekStart for weeks, a startDay for months and years, a startMonth for years, and for nothing else', () => {
    expect(error({ weekStart: 'sunday' })).toBe("TypeError: weekStart needs `every: 'week'`")
    expect(error({ every: 'month', weekStart: 'sunday' })).toMatch(/^TypeError: weekStart needs/)
    expect(error({ startDay: 5 })).toBe("TypeError: startDay needs `every: 'month'` or `every: 'year'`")
    expect(error({ every: 'week', startDay: 5 })).toMatch(/^TypeError: startDay needs/)
    expect(error({ every: 'week', weekStart: 'sunday' })).toBeUndefined()
    expect(error({ every: 'month', startDay: 31 })).toBeUndefined()
    expect(error({ every: 'year', startDay: 31 })).toBeUndefined()
    expect(error({ startMonth: 5 })).toBe("TypeError: startMonth needs `every: 'year'`")
    expect(error({ every: 'month', startMonth: 5 })).toMatch(/^TypeError: startMonth needs/)
    expect(error({ every: 'year', startMonth: 12, startDay: 31 })).toBeUndefined()
  })

  it.each([0, 13, -1, 1.5, NaN])('have no month %d in any year', (startMonth) => {
    expect(error({ every: 'year', startMonth })).toBe(
      `RangeError: startMonth must be a whole number from 1 to 12, got ${startMonth}`,
    )
  })

  it.each([-0.1, 1.001, NaN, Infinity])('have no part of %d that rolls over', (rollover) => {
    expect(error({ rollover })).toBe(`RangeError: rollover must be a number from 0 to 1, got ${rollover}`)
  })

  it.each(['0.5', true, null])('take no %j for a part that rolls over', (rollover) => {
    expect(error({ rollover: rollover as unknown as number })).toMatch(
      /^TypeError: rollover must be a number from 0/,
    )
  })

  it('leave room for what rolls over', () => {
    const limit = 2 ** 52
    expect(error({ limit, rollover: 1 })).toBe(
      `RangeError: limit + rollover * limit must be below 2^53, got ${2 * limit}`,
    )
    expect(error({ limit: limit - 1, rollover: 1 })).toBeUndefined()
  })

  it.each([0, 32, -1, 1.5, NaN])('have no day %d in any month', (startDay) => {
    expect(error({ every: 'month', startDay })).toBe(
      `RangeError: startDay must be a whole number from 1 to 31, got ${startDay}`,
    )
  })

  it('spell the days of the week out', () => {
    const weekStart = 'Sunday' as 'sunday'
    expect(error({ every: 'week', weekStart })).toMatch(
      /^TypeError: weekStart must be one of 'sunday', .*'Sunday'$/,
    )
  })
})
