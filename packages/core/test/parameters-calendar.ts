/** Random calendars, changes of them, and the days on which they are worth trying. */

import fc from 'fast-check'
import type { CalendarParams, Every } from './oracle/calendar-edges.ts'
import { changing, either, whole } from './parameters.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const every = fc.constantFrom<Every>('minute', 'hour', 'day', 'week', 'month', 'year')

/** Zones that skip midnight or show it twice, south of the equator, off the whole hour, or without changes. */
const timeZone = fc.constantFrom(
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Africa/Cairo',
  'America/Santiago',
  'America/Havana',
  'Asia/Kathmandu',
  'Pacific/Auckland',
)
const weekStart = fc.constantFrom<NonNullable<CalendarParams['weekStart']>>('monday', 'sunday', 'thursday')
const startDay = fc.constantFrom(1, 15, 28, 29, 30, 31)

const startMonth = fc.constantFrom(1, 2, 7, 12)
const rollover = fc.constantFrom(0, 0, 0.5, 0.5, 1, 0.29, 0.1)

/** Options that another period would refuse are left out. */
const fitting = (all: Required<CalendarParams>): CalendarParams => ({
  limit: all.limit,
  every: all.every,
  timeZone: all.timeZone,
  ...(all.every === 'week' && { weekStart: all.weekStart }),
  ...((all.every === 'month' || all.every === 'year') && { startDay: all.startDay }),
  ...(all.every === 'year' && { startMonth: all.startMonth }),
  rollover: all.rollover,
})

export const calendar: fc.Arbitrary<readonly CalendarParams[]> = changing<Required<CalendarParams>>(
  fc.record({ limit: whole(0, 12), every, timeZone, weekStart, startDay, startMonth, rollover }),
  either<Required<CalendarParams>>(
    fc.record({ limit: whole(0, 12) }),
    fc.record({ every }),
    fc.record({ timeZone }),
    fc.record({ weekStart }),
    fc.record({ startDay }),
    fc.record({ startMonth }),
    fc.record({ rollover }),
  ),
).map((variants) => variants.map((all) => fitting(all)))

/** Shortly before clocks change, months or years end, or leap days begin; and on any ordinary day. */
export const calendarStarts: fc.Arbitrary<number> = fc
  .tuple(
    fc.constantFrom(
      '2026-03-29T00:59:59.990Z',
      '2026-10-25T00:30:00.000Z',
      '2026-11-01T05:59:59.999Z',
      '2026-03-08T06:59:00.000Z',
      '2026-04-23T21:59:59.000Z',
      '2026-10-29T20:30:00.000Z',
      '2026-09-06T03:59:59.999Z',
      '2026-11-01T04:30:00.000Z',
      '2026-04-05T02:40:00.000Z',
      '2028-02-28T23:59:59.999Z',
      '2026-12-31T23:59:59.998Z',
      '2026-01-31T12:00:00.000Z',
      '2026-07-14T15:09:26.535Z',
    ),
    fc.oneof(fc.constant(0), whole(-2 * HOUR, 2 * HOUR)),
  )
  .map(([text, off]) => Date.parse(text) + off)

export const shortestMs = ({ every: period }: CalendarParams): number =>
  ({
    minute: 60_000,
    hour: HOUR,
    day: DAY - HOUR,
    week: 7 * DAY - HOUR,
    month: 28 * DAY - HOUR,
    year: 365 * DAY,
  })[period]
