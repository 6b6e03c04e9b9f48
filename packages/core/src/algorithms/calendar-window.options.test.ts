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

  it('have a weekStart for weeks, and a startDay for months, and for nothing else', () => {
    expect(error({ weekStart: 'sunday' })).toBe("TypeError: weekStart needs `every: 'week'`")
    expect(error({ every: 'month', weekStart: 'sunday' })).toMatch(/^TypeError: weekStart needs/)
    expect(error({ startDay: 5 })).toBe("TypeError: startDay needs `every: 'month'`")
    expect(error({ every: 'week', startDay: 5 })).toMatch(/^TypeError: startDay needs/)
    expect(error({ every: 'week', weekStart: 'sunday' })).toBeUndefined()
    expect(error({ every: 'month', startDay: 31 })).toBeUndefined()
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
