export type CalendarPeriod = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const
export type Weekday = (typeof WEEKDAYS)[number]

const DAY_MS = 86_400_000

/** From `start` to before `end`, in milliseconds since 1970. */
export interface Period {
  start: number
  end: number
}

/** Periods by number: of which one a local date is, give or take one, and the local date on which one begins. */
interface Numbering {
  of(localMs: number): number
  begins(number: number): number
}

/**
 * The periods of a calendar: a function from an instant to the period that holds it.
 *
 * Local dates are written as the UTC time of the same wall clock, so that the calendar arithmetic of `Date.UTC`
 * serves every zone; the platform's zone data (`Intl`) says how far a zone's wall clock is from UTC.
 *
 * @throws RangeError when the platform does not know the zone
 */
export function calendarPeriods(
  every: CalendarPeriod,
  timeZone: string,
  weekday: number,
  monthDay: number,
  yearMonth: number = 1,
): (nowMs: number) => Period {
  const wallClock = wallClockOf(timeZone)
  const offset = (atMs: number): number => wallClock(atMs) - atMs

  /**
   * The instant at which a local date begins, given its midnight on the wall clock. The offsets of half a day before
   * and after give two candidates: where both hold (midnight comes twice) the first counts; where none does (midnight
   * is skipped) the date begins with the jump, which is where the old offset would have had midnight.
   */
  function midnight(localMs: number): number {
    const guess = localMs - offset(localMs)
    const early = localMs - offset(guess - DAY_MS / 2)
    const late = localMs - offset(guess + DAY_MS / 2)
    const valid = [early, late].filter((atMs) => wallClock(atMs) === localMs)
    return valid.length > 0 ? Math.min(...valid) : early
  }

  /** The instant at which the clocks changed between `before` and `after`. */
  function change(before: number, after: number): number {
    let [no, yes] = [before, after]
    while (yes - no > 1) {
      const middle = Math.floor((no + yes) / 2)
      if (offset(middle) === offset(after)) yes = middle
      else no = middle
    }
    return yes
  }

  if (every === 'minute' || every === 'hour') {
    const lengthMs = every === 'minute' ? 60_000 : 3_600_000
    return (nowMs) => {
      const start = nowMs - (((wallClock(nowMs) % lengthMs) + lengthMs) % lengthMs)
      const end = start + lengthMs
      // An hour that is cut by a change of the clocks is two: on Lord Howe they change by half an hour.
      return {
        start: offset(start) === offset(nowMs) ? start : change(start, nowMs),
        end: offset(end - 1) === offset(nowMs) ? end : change(nowMs, end - 1),
      }
    }
  }

  const monthOf = (local: number): number =>
    (new Date(local).getUTCFullYear() - 1970) * 12 + new Date(local).getUTCMonth()
  /** The first day of what begins in a month, which may be shorter than others. */
  function dayOf(year: number, month: number): number {
    const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
    return Date.UTC(year, month, Math.min(monthDay, lastDay))
  }
  const numberings: Record<'day' | 'week' | 'month' | 'year', Numbering> = {
    day: { of: (local) => Math.floor(local / DAY_MS), begins: (day) => day * DAY_MS },
    week: {
      // 1970 began on a Thursday, day 4 of a week from Sunday.
      of: (local) => Math.floor((local / DAY_MS + 4 - weekday) / 7),
      begins: (week) => (week * 7 - 4 + weekday) * DAY_MS,
    },
    month: { of: monthOf, begins: (month) => dayOf(1970, month) },
    year: { of: (local) => new Date(local).getUTCFullYear(), begins: (year) => dayOf(year, yearMonth - 1) },
  }
  const numbering = numberings[every]
  const begins = (number: number): number => midnight(numbering.begins(number))

  return (nowMs) => {
    let number = numbering.of(wallClock(nowMs))
    let start = begins(number)
    while (start > nowMs) start = begins(--number)
    let end = begins(++number)
    while (end <= nowMs) [start, end] = [end, begins(++number)]
    return { start, end }
  }
}

/** A function from an instant to the UTC time that reads like the zone's wall clock then, to the millisecond. */
function wallClockOf(timeZone: string): (nowMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (nowMs) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(nowMs)) parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((nowMs % 1000) + 1000) % 1000)
  }
}
