/** One count per period of a calendar, and what is carried from one period to the next. */

import { periodOf, type CalendarParams, type Every, type Period } from './calendar-edges.ts'
import type { Rules } from './rules.ts'

/** A period in which something was charged. */
interface Calendar extends Period {
  readonly used: bigint
  /** What the period before it used of its own quota; nothing where the key was not known then. */
  readonly ownBefore: bigint | undefined
  /** When all of this is forgotten. */
  readonly forgotten: number
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

/** The most that may be carried over: the part as it is written, of the limit, rounded down. */
export function carriedAtMost({ limit, rollover = 0 }: CalendarParams): bigint {
  const [whole = '0', decimals = ''] = String(rollover).split('.')
  return (BigInt(limit) * BigInt(whole + decimals)) / 10n ** BigInt(decimals.length)
}

/** What a period leaves to the next, of which nobody, or somebody, used so much of its own quota. */
function leftBy(own: bigint | undefined, params: CalendarParams): bigint {
  const unused = own === undefined ? 0n : BigInt(params.limit) - own
  const most = carriedAtMost(params)
  return unused < 0n ? 0n : unused < most ? unused : most
}

/** What is carried into the period of the state, and what it used of its own then: the rest. */
function shares({ used, ownBefore }: Calendar, params: CalendarParams): { carried: bigint; own: bigint } {
  const carried = leftBy(ownBefore, params)
  return { carried, own: used > carried ? used - carried : 0n }
}

/** The two periods after one that ends there. Where none begins there, it was one of another calendar. */
function following(end: number, params: CalendarParams): readonly [Period, Period] | undefined {
  const first = periodOf(end, params)
  return first.start === end ? [first, periodOf(first.end, params)] : undefined
}

/** Until when a charge of a period that ends there matters. */
function rememberedUntil(end: number, params: CalendarParams): number {
  return carriedAtMost(params) === 0n ? end : periodOf(periodOf(end, params).end, params).end
}

/** How a key stands in the period of `now`, whatever period it was charged in. */
function standing(state: Calendar, params: CalendarParams, now: number): Calendar {
  if (now < state.end && state.forgotten > now) return state
  const period = periodOf(now, params)
  const stands = (ownBefore?: bigint): Calendar => ({
    ...period,
    used: 0n,
    ownBefore,
    forgotten: rememberedUntil(period.end, params),
  })
  if (carriedAtMost(params) === 0n || now >= state.forgotten) return stands()
  const [first, second] = following(state.end, params) ?? []
  if (second?.end !== state.forgotten) return stands()
  return stands(period.start === first?.start ? shares(state, params).own : 0n)
}

const isNothing = ({ used, ownBefore }: Calendar): boolean => used === 0n && ownBefore === undefined

const nothing: Calendar = { start: 0, end: 0, used: 0n, ownBefore: undefined, forgotten: 0 }

export const calendarWindowRules: Rules<CalendarParams, Calendar> = {
  nothing,
  limit: ({ limit }) => limit,
  mostOf: (params) => BigInt(params.limit) + carriedAtMost(params),
  quota(state, params, now) {
    const { carried } = shares(standing(state, params, now), params)
    return carriedAtMost(params) > 0n ? BigInt(params.limit) + carried : undefined
  },
  windowMs: ({ every }) => NOMINAL[every],
  over: (state, now) => isNothing(state) || now >= state.forgotten,
  moved(state, params, now, patience) {
    if (now >= state.end || state.start - now <= patience) return state
    const period = periodOf(now, params)
    const forgotten = rememberedUntil(period.end, params)
    return { ...period, used: state.used, ownBefore: undefined, forgotten }
  },
  under(state, params, now) {
    if (now >= state.end) return state
    // Time that steps back grants nothing: what is ahead is read in the period that it is ahead in.
    const period = periodOf(Math.max(now, state.start), params)
    const forgotten = rememberedUntil(period.end, params)
    const began = state.start >= period.start
    if (began && state.end === period.end && state.forgotten === forgotten) return state
    const start = Math.max(state.start, period.start)
    return { start, end: period.end, used: began ? state.used : 0n, ownBefore: undefined, forgotten }
  },
  fits(state, params, now, cost) {
    const stands = standing(state, params, now)
    return stands.used + cost <= BigInt(params.limit) + shares(stands, params).carried
  },
  // Quotas change where periods begin and at no other time.
  changes(state, params, now) {
    const ends = [now < state.end ? state.end : periodOf(now, params).end]
    while (ends.length < 4) ends.push(periodOf(ends.at(-1) as number, params).end)
    return ends
  },
  charged(state, params, now, cost) {
    const known = calendarWindowRules.over(state, now) ? nothing : state
    const stands = standing(known, params, now)
    return { ...stands, used: stands.used + cost }
  },
  refunded(state, now, cost, at) {
    if (now >= state.end || at < state.start || at >= state.end) return state
    return { ...state, used: state.used > cost ? state.used - cost : 0n }
  },
  // Carried units may be gone with the period, but what is used up is back when it ends.
  resetMs(state, params, now) {
    const { used, end } = standing(state, params, now)
    return used > 0n ? end - now : 0
  },
}
