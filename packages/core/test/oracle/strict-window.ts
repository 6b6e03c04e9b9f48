/** A window in tenths: a part of which anything can still be inside the window counts in full. */

import { edge, sum, without, type Hit, type Rules } from './rules.ts'
import type { SlidingParams } from './sliding-window.ts'

interface Strict {
  /** Each stands at the start of its part. */
  readonly hits: readonly Hit[]
  /** When something was counted last, even if it was given back: no time before its part is believed. */
  readonly last: number
  readonly window: number
}

const partOf = (window: number): number => Math.ceil(window / 10)

const newest = ({ last, window }: Strict): number => edge(last, partOf(window))

/** Whether the part that begins at `start` counts at `now`. */
const counts = (state: Strict, now: number, start: number): boolean =>
  start + partOf(state.window) > Math.max(now, newest(state)) - state.window

const counted = (state: Strict, now: number): bigint => sum(state.hits, (at) => counts(state, now, at))

export const strictWindowRules: Rules<SlidingParams, Strict> = {
  nothing: { hits: [], last: 0, window: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over: (state, now) => counted(state, now) === 0n,
  moved(state, _params, now, patience) {
    if (newest(state) - now <= patience) return state
    const ahead = newest(state) - edge(now, partOf(state.window))
    return { ...state, last: now, hits: state.hits.map(({ at, units }) => ({ at: at - ahead, units })) }
  },
  under(state, { window }, now) {
    if (state.window === window) return state
    // All as if counted when something was counted last: later than any of it was.
    return {
      hits: [{ at: edge(state.last, partOf(window)), units: counted(state, now) }],
      last: state.last,
      window,
    }
  },
  fits: (state, { limit }, now, cost) => counted(state, now) + cost <= BigInt(limit),
  charged(state, { window }, now, cost) {
    const known = { ...state, window, last: state.hits.length > 0 ? Math.max(state.last, now) : now }
    // Whoever charges drops what has left: it stays away when the clock steps back within the newest part.
    const hits = state.hits.filter(({ at }) => counts(known, known.last, at))
    return { ...known, hits: [...hits, { at: newest(known), units: cost }] }
  },
  refunded(state, now, cost, at) {
    const part = edge(at, partOf(state.window))
    if (!counts(state, now, part)) return state
    return { ...state, hits: without(state.hits, cost, (start) => start === part) }
  },
}
