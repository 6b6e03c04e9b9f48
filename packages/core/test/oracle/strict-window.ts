/** A window in tenths: a part of which anything can still be inside the window counts in full. */

import { edge, sum, without, type Hit, type Rules } from './rules.ts'
import type { SlidingParams } from './sliding-window.ts'

interface Strict {
  /** Each stands at the start of its part. */
  readonly hits: readonly Hit[]
  /** Where the newest part begins, even if all that it held was given back: no time before it is believed. */
  readonly newest: number
  readonly window: number
}

const partOf = (window: number): number => Math.ceil(window / 10)

/** Whether the part that begins at `start` counts at `now`. */
const counts = (state: Strict, now: number, start: number): boolean =>
  start + partOf(state.window) > Math.max(now, state.newest) - state.window

const counted = (state: Strict, now: number): bigint => sum(state.hits, (at) => counts(state, now, at))

export const strictWindowRules: Rules<SlidingParams, Strict> = {
  nothing: { hits: [], newest: 0, window: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over: (state, now) => counted(state, now) === 0n,
  moved(state, _params, now, patience) {
    if (state.newest - now <= patience) return state
    const newest = edge(now, partOf(state.window))
    const hits = state.hits.map(({ at, units }) => ({ at: at - (state.newest - newest), units }))
    return { ...state, newest, hits }
  },
  under(state, { window }, now) {
    if (state.window === window) return state
    const newest = edge(Math.max(now, state.newest), partOf(window))
    return { hits: [{ at: newest, units: counted(state, now) }], newest, window }
  },
  fits: (state, { limit }, now, cost) => counted(state, now) + cost <= BigInt(limit),
  charged(state, { window }, now, cost) {
    const part = edge(now, partOf(window))
    const newest = state.hits.length > 0 ? Math.max(part, state.newest) : part
    return { hits: [...state.hits, { at: newest, units: cost }], newest, window }
  },
  refunded(state, _params, now, cost, at) {
    const part = edge(at, partOf(state.window))
    if (!counts(state, now, part)) return state
    return { ...state, hits: without(state.hits, cost, (start) => start === part) }
  },
  touched: (state, now) => ({ ...state, newest: Math.max(state.newest, edge(now, partOf(state.window))) }),
}
