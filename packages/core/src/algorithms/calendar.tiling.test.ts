import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CalendarPeriod, calendarPeriods } from './calendar.ts'

describe('the periods of any zone', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  const instant = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2060, 0, 1) })
  const every = fc.constantFrom<CalendarPeriod>('minute', 'hour', 'day', 'week', 'month', 'year')

  it('follow one another without gap or overlap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        every,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 31 }),
        fc.integer({ min: 1, max: 12 }),
        instant,
        (timeZone, length, weekday, monthDay, yearMonth, now) => {
          const periods = calendarPeriods(length, timeZone, weekday, monthDay, yearMonth)
          const here = periods(now)
          expect(here.start).toBeLessThanOrEqual(now)
          expect(here.end).toBeGreaterThan(now)
          expect(periods(here.start)).toEqual(here)
          expect(periods(here.end - 1)).toEqual(here)
          expect(periods(here.end).start).toBe(here.end)
          expect(periods(here.start - 1).end).toBe(here.start)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('do so where the clocks change, too', () => {
    const changes = [
      ...(['2026-04-04T15:00Z', '2026-10-03T15:30Z'] as const).map(
        (at) => ['Australia/Lord_Howe', at] as const,
      ),
      ['Europe/Paris', '2026-03-29T01:00Z'] as const,
      ['Europe/Paris', '2026-10-25T01:00Z'] as const,
      ['Africa/Cairo', '2026-04-23T22:00Z'] as const,
      ['Africa/Cairo', '2026-10-29T21:00Z'] as const,
      ['America/Havana', '2026-11-01T05:00Z'] as const,
      ['America/St_Johns', '2010-11-07T02:31Z'] as const,
      ['Asia/Pyongyang', '2018-05-04T15:00Z'] as const,
      ['Pacific/Apia', '2011-12-30T10:00Z'] as const,
      ['America/Caracas', '2016-05-01T07:00Z'] as const,
      ['Africa/Casablanca', '2026-02-15T02:00Z'] as const,
    ]
    const around = fc.integer({ min: -3 * 3_600_000, max: 3 * 3_600_000 })
    fc.assert(
      fc.property(fc.constantFrom(...changes), every, around, ([timeZone, at], length, by) => {
        const periods = calendarPeriods(length, timeZone, 1, 31)
        const here = periods(Date.parse(at) + by)
        expect([periods(here.start), periods(here.end - 1)]).toEqual([here, here])
        expect([periods(here.end).start, periods(here.start - 1).end]).toEqual([here.end, here.start])
      }),
      { numRuns: 400 },
    )
  })
})
