/** One count per period of a calendar. */

import { periodOf, type CalendarParams, type Every, type Period } from './calendar-edges.ts'
import type { Rules } from './rules.ts'

interface Calendar extends Period {
  readonly used: bigint
}

const MINUTE = 60_000
const DAY = 86_400_000

/** The longest that such a period is, but for a change of the clocks. */
const NOMINAL: Record<Every, number> = {
  minute: MINUTE,
  hour: 60 * MINUTE,
  day: DAY,
  week: 7 * DAY,
  month: 31 * DAY,
  year: 366 * DAY,
}

export const calendarWindowRules: Rules<CalendarParams, Calendar> = {
  nothing: { start: 0, end: 0, used: 0n },
  limit: ({ limit }) => limit,
  windowMs: ({ every }) => NOMINAL[every],
  over: ({ end, used }, now) => used === 0n || now >= end,
  moved: (state, params, now, patience) =>
    state.start - now > patience ? { ...periodOf(now, params), used: state.used } : state,
  under(state, params, now) {
    // Time that steps back grants nothing: what is ahead is read in the period that it is ahead in.
    const period = periodOf(Math.max(now, state.start), params)
    if (state.start < period.start) return calendarWindowRules.nothing
    return { start: state.start, end: period.end, used: state.used }
  },
  fits: ({ used }, { limit }, _now, cost) => used + cost <= BigInt(limit),
  charged(state, params, now, cost) {
    const { start, end } = state.used === 0n ? periodOf(now, params) : state
    return { start, end, used: state.used + cost }
  },
  refunded(state, _now, cost, at) {
    if (at < state.start || at >= state.end) return state
    return { ...state, used: state.used > cost ? state.used - cost : 0n }
  },
}
