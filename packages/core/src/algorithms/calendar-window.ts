import type { Algorithm } from '../algorithm.ts'
import { knownOptions, oneOf, shown, wholeNumber } from '../check.ts'
import { type CalendarPeriod, WEEKDAYS, type Weekday, calendarPeriods } from './calendar.ts'
import { answer, codec, grown, patienceMs } from './shared.ts'

export interface CalendarWindowOptions {
  /** Units per period. A whole number from 0. */
  limit: number
  /** The period that the quota belongs to. */
  every: CalendarPeriod
  /** The zone of the IANA database whose midnight counts, such as `'Europe/Paris'`. Default `'UTC'`. */
  timeZone?: string
  /** For `every: 'week'`: the day that it starts on. Default `'monday'`. */
  weekStart?: Weekday
  /** For `every: 'month'`: the billing day, from 1 to 31; a shorter month starts on its last day. Default 1. */
  startDay?: number
}

/** Units charged in the period from `start` to before `end`. */
export interface CalendarWindowState {
  start: number
  end: number
  used: number
}

const DAY_MS = 86_400_000

/**
 * What clients are told as the window, and what a clock that stepped back is measured by. Periods differ in length:
 * the longest month and year are taken, so that a client that paces itself by `limit / windowMs` is never too fast.
 */
const NOMINAL_MS: Record<CalendarPeriod, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
  year: 366 * DAY_MS,
}

/**
 * Counts per minute, hour, day, week, month or year as the calendar of a time zone has them, with days of 23 and
 * 25 hours where the clocks change.
 *
 * At worst 2 * `limit` units pass around one edge: all of one period at its end, all of the next at its start.
 *
 * @throws TypeError, RangeError for options out of range, and for a time zone that the platform does not know
 */
export function calendarWindow(options: CalendarWindowOptions): Algorithm<CalendarWindowState> {
  knownOptions('calendarWindow', options, ['limit', 'every', 'timeZone', 'weekStart', 'startDay'])
  const limit = wholeNumber('limit', options.limit)
  const every = oneOf('every', options.every, ['minute', 'hour', 'day', 'week', 'month', 'year'])
  const { timeZone = 'UTC', weekStart, startDay } = options
  if (weekStart !== undefined && every !== 'week') throw new TypeError("weekStart needs `every: 'week'`")
  if (startDay !== undefined && every !== 'month') throw new TypeError("startDay needs `every: 'month'`")
  const weekday = WEEKDAYS.indexOf(oneOf('weekStart', weekStart ?? 'monday', WEEKDAYS))
  const day = wholeNumber('startDay', startDay ?? 1, 1, 31)
  const periods = periodsIn(timeZone, () => calendarPeriods(every, timeZone, weekday, day))
  const windowMs = NOMINAL_MS[every]
  const patience = patienceMs(windowMs)

  // Asking the calendar is slow and the answer holds until the period ends.
  let known = { start: 0, end: 0 }
  function periodOf(nowMs: number): { start: number; end: number } {
    if (nowMs < known.start || nowMs >= known.end) known = periods(nowMs)
    return known
  }

  let sent: readonly number[] = []
  /** The ends of a period and of the three after it. */
  function endsFrom(end: number): number[] {
    const ends = [end]
    while (ends.length < 4) ends.push(periods(ends.at(-1) as number).end)
    return ends
  }

  const runs = (state: CalendarWindowState, nowMs: number): boolean => state.used > 0 && nowMs < state.end

  const fresh = (nowMs: number): CalendarWindowState => ({ ...periodOf(nowMs), used: 0 })

  return {
    kind: 'calendarWindow',
    limit,
    windowMs,
    args(nowMs) {
      const { start, end } = periodOf(nowMs)
      if (sent[3] !== start) sent = [limit, patience, periods(start - 1).start, start, ...endsFrom(end)]
      return sent
    },
    fresh,
    ...codec(() => ({ start: 0, end: 0, used: 0 })),

    adopt(state, nowMs) {
      const isFuture = state.start - nowMs > patience
      // A clock that stepped back stands still in the period that it was in.
      const now = periodOf(nowMs)
      const { start, end } = isFuture || state.start < now.end ? now : periods(state.start)
      if ((!isFuture && state.start >= start && state.end === end) || !runs(state, nowMs)) return false
      // Of another calendar: a period that began before this one is over, one that began within it is this one. When that
      // was stays as it was: moved back to an edge, a shorter period would take it for over.
      if (state.start < start) state.used = 0
      state.start = isFuture ? start : Math.max(state.start, start)
      state.end = end
      return true
    },

    look(state, nowMs, cost, out) {
      const running = runs(state, nowMs)
      const used = running ? state.used : 0
      const leftMs = (running ? state : periodOf(nowMs)).end - nowMs
      const charged = answer(out, Math.max(0, limit - used), cost)
      out.resetMs = used + charged > 0 ? leftMs : 0
      if (!out.allowed && cost <= limit) out.retryAfterMs = leftMs
    },

    charge(state, nowMs, cost) {
      if (!runs(state, nowMs)) Object.assign(state, periodOf(nowMs), { used: 0 })
      state.used = grown(state.used, cost)
    },

    refund(state, nowMs, cost, at) {
      const counted = runs(state, nowMs) && at >= state.start && at < state.end
      if (counted) state.used = Math.max(0, state.used - cost)
    },

    ttlMs: (state, nowMs) => (state.used > 0 ? state.end - nowMs : 0),
  }
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
