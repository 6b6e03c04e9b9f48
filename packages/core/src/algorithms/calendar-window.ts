import type { Algorithm } from '../algorithm.ts'
import type { CalendarPeriod } from './calendar.ts'
import { calendarAround } from './calendar-around.ts'
import { type CalendarWindowOptions, calendarOptions } from './calendar-options.ts'
import { type CalendarWindowState, calendarText, holdsAny } from './calendar-state.ts'
import { answer, grown, patienceMs } from './shared.ts'

export type { CalendarWindowOptions }

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

/** Ages of a state, in periods: those after the second one cannot be told from a key never seen. */
const OVER = 3

/**
 * Counts per minute, hour, day, week, month or year as the calendar of a time zone has them, with days of 23 and
 * 25 hours where the clocks change.
 *
 * At worst 2 * `limit` units pass around one edge: all of one period at its end, all of the next at its start. With
 * `rollover` it is `floor(rollover * limit)` more, and so it is for any n periods in a row, n * `limit` and once that
 * much: what one period uses of its own quota and what it leaves to the next are `limit` at most, so only what was
 * carried into the first comes on top.
 *
 * With `rollover` a key is as one never seen when two whole periods have passed since the one it was last charged in.
 *
 * @throws TypeError, RangeError for options out of range, and for a time zone that the platform does not know
 */
export function calendarWindow(options: CalendarWindowOptions): Algorithm<CalendarWindowState> {
  const { limit, most, every, periods } = calendarOptions(options)
  const windowMs = NOMINAL_MS[every]
  const patience = patienceMs(windowMs)
  const calendar = calendarAround(periods, most > 0)

  /** What is carried out of a period, of which `before` tells as in a state. */
  const carriedFrom = (before: number): number =>
    before === 0 ? 0 : Math.min(most, Math.max(0, limit - (before - 1)))

  /** In periods from the state's own to that of `nowMs`. One that was counted by another calendar is over when it ends. */
  function ageOf(state: CalendarWindowState, nowMs: number): number {
    if (!holdsAny(state)) return OVER
    if (nowMs < state.end) return 0
    const { start, end, previous, next } = calendar.current(nowMs)
    if (start === state.end && next === state.until) return 1
    return previous === state.end && end === state.until ? 2 : OVER
  }

  /** `before` as the period has it that is so much later than the state's. What was carried in is used first. */
  function beforeAt({ used, before }: CalendarWindowState, age: number): number {
    if (age === 0) return before
    if (age === 1) return grown(Math.max(0, used - carriedFrom(before)), 1)
    return age === 2 ? 1 : 0
  }

  /** How long until more fits than in the period of that age, which ends at `end`: carried units come and go. */
  function waitMs(state: CalendarWindowState, nowMs: number, cost: number, age: number, end: number): number {
    if (cost <= limit + carriedFrom(beforeAt(state, age + 1))) return end - nowMs
    if (age > 0 || cost > limit + most) return Infinity
    return calendar.around(Math.max(nowMs, state.start)).next - nowMs
  }

  let sent: readonly number[] = []

  return {
    kind: 'calendarWindow',
    limit,
    ...(most > 0 && { maxLimit: limit + most }),
    windowMs,
    args(nowMs) {
      if (sent[3] === calendar.current(nowMs).start) return sent
      const edges = calendar.edges(nowMs)
      sent = [limit, patience, ...edges, most, ...calendar.outerEdges(edges)]
      return sent
    },
    fresh(nowMs) {
      const { start, end, until } = calendar.current(nowMs)
      return { start, end, used: 0, before: 0, until }
    },
    ...calendarText,

    adopt(state, nowMs) {
      if (!holdsAny(state) || nowMs >= state.end) return false
      const isFuture = state.start - nowMs > patience
      // A clock that stepped back stands still in the period that it was in.
      const now = calendar.current(nowMs)
      const { start, end, until } = isFuture || state.start < now.end ? now : calendar.around(state.start)
      if (!isFuture && state.start >= start && state.end === end && state.until === until) return false
      // Of another calendar: a period that began before this one is over, one that began within it is this one. When that
      // was stays as it was: moved back to an edge, a shorter period would take it for over.
      if (state.start < start) state.used = 0
      state.start = isFuture ? start : Math.max(state.start, start)
      state.end = end
      // Nothing is known of the period before it by this calendar, so nothing is carried.
      state.before = 0
      state.until = until
      return true
    },

    look(state, nowMs, cost, out) {
      const age = ageOf(state, nowMs)
      const used = age === 0 ? state.used : 0
      const quota = limit + carriedFrom(beforeAt(state, age))
      const end = age === 0 ? state.end : calendar.current(nowMs).end
      const charged = answer(out, Math.max(0, quota - used), cost)
      if (most > 0) out.limit = quota
      out.resetMs = used + charged > 0 ? end - nowMs : 0
      if (!out.allowed) out.retryAfterMs = waitMs(state, nowMs, cost, age, end)
    },

    charge(state, nowMs, cost) {
      const age = ageOf(state, nowMs)
      if (age > 0) {
        const { start, end, until } = calendar.current(nowMs)
        Object.assign(state, { start, end, used: 0, before: beforeAt(state, age), until })
      }
      state.used = grown(state.used, cost)
    },

    refund(state, nowMs, cost, at) {
      const counted = nowMs < state.end && at >= state.start && at < state.end
      if (counted) state.used = Math.max(0, state.used - cost)
    },

    ttlMs: (state, nowMs) => (holdsAny(state) ? state.until - nowMs : 0),
  }
}
