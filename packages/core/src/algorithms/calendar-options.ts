import { knownOptions, oneOf, refuse, shown, wholeNumber } from '../check.ts'
import { type CalendarPeriod, WEEKDAYS, type Weekday, calendarPeriods } from './calendar.ts'

export interface CalendarWindowOptions {
  /** Units per period. A whole number from 0. */
  limit: number
  /** The period that the quota belongs to. */
  every: CalendarPeriod
  /** The zone of the IANA database whose midnight counts, such as `'Europe/Paris'`. Default `'UTC'`. */
  timeZone?: string
  /** For `every: 'week'`: the day that it starts on. Default `'monday'`. */
  weekStart?: Weekday
  /** For `every: 'month'` and `'year'`: the billing day, from 1 to 31, or the last day of a shorter month. Default 1. */
  startDay?: number
  /** For `every: 'year'`: the month of the billing day, from 1 (January, the default) to 12. */
  startMonth?: number
  /**
   * The part of the limit that may be added to the next period, where it was not used: from 0 (the default) to 1.
   * What was added is used first, and is lost at the end of that period. A key never seen gets nothing added.
   */
  rollover?: number
}

/** The options, each checked once, as numbers and a calendar. */
export function calendarOptions(options: CalendarWindowOptions): {
  limit: number
  /** How much may be carried over at the most. */
  most: number
  every: CalendarPeriod
  periods: ReturnType<typeof calendarPeriods>
} {
  const known = ['limit', 'every', 'timeZone', 'weekStart', 'startDay', 'startMonth', 'rollover']
  knownOptions('calendarWindow', options, known)
  const limit = wholeNumber('limit', options.limit)
  const every = oneOf('every', options.every, ['minute', 'hour', 'day', 'week', 'month', 'year'])
  const { timeZone = 'UTC', weekStart, startDay, startMonth, rollover = 0 } = options
  if (weekStart !== undefined && every !== 'week') throw new TypeError("weekStart needs `every: 'week'`")
  if (startDay !== undefined && every !== 'month' && every !== 'year')
    throw new TypeError("startDay needs `every: 'month'` or `every: 'year'`")
  if (startMonth !== undefined && every !== 'year') throw new TypeError("startMonth needs `every: 'year'`")
  const weekday = WEEKDAYS.indexOf(oneOf('weekStart', weekStart ?? 'monday', WEEKDAYS))
  const day = wholeNumber('startDay', startDay ?? 1, 1, 31)
  const month = wholeNumber('startMonth', startMonth ?? 1, 1, 12)
  const most = partOf(limit, rollover)
  return {
    limit,
    most,
    every,
    periods: periodsIn(timeZone, () => calendarPeriods(every, timeZone, weekday, day, month)),
  }
}

/** The part of the limit that may be carried over, in whole units. */
function partOf(limit: number, rollover: unknown): number {
  if (typeof rollover !== 'number' || !(rollover >= 0 && rollover <= 1))
    return refuse('rollover', 'a number from 0 to 1', rollover, 'number')
  // 0.29 * 100 is a little less than 29: a product that is off by no more than rounding is what was meant.
  const most = Math.min(limit, Math.floor(rollover * limit * (1 + Number.EPSILON)))
  if (!Number.isSafeInteger(limit + most))
    refuse('limit + rollover * limit', 'below 2^53', limit + most, 'number')
  return most
}

/** Runs `make`, and says which option is to blame when the platform does not know the zone. */
function periodsIn<T>(timeZone: unknown, make: () => T): T {
  if (typeof timeZone === 'string') {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  const ErrorType = typeof timeZone === 'string' ? RangeError : TypeError
  throw new ErrorType(
    `timeZone must be a zone that this platform knows, such as 'Europe/Paris', got ${shown(timeZone)}`,
  )
}
