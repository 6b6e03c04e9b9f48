/** A window of fixed length with one count, opened by a charge or standing on clock edges. */

import { edge, type Rules } from './rules.ts'

export interface FixedParams {
  readonly limit: number
  readonly window: number
  /** Whether windows stand on multiples of their length. */
  readonly clock: boolean
}

interface Fixed {
  readonly start: number
  readonly window: number
  readonly used: bigint
}

const opens = (now: number, { window, clock }: FixedParams): number => (clock ? edge(now, window) : now)

export const fixedWindowRules: Rules<FixedParams, Fixed> = {
  nothing: { start: 0, window: 1, used: 0n },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over: ({ start, window, used }, now) => used === 0n || now >= start + window,
  moved(state, params, now, patience) {
    if (state.start - now <= patience) return state
    // An edge of another length could lie so far back that the move itself would end the window.
    return { ...state, start: state.window === params.window ? opens(now, params) : now }
  },
  under(state, params) {
    if (state.window === params.window) return state
    if (!params.clock) return { ...state, window: params.window }
    return { ...state, start: edge(state.start, params.window), window: params.window }
  },
  fits: ({ used }, { limit }, _now, cost) => used + cost <= BigInt(limit),
  charged(state, params, now, cost) {
    const start = state.used === 0n ? opens(now, params) : state.start
    return { start, window: params.window, used: state.used + cost }
  },
  refunded(state, _now, cost, at) {
    if (at < state.start || at >= state.start + state.window) return state
    return { ...state, used: state.used > cost ? state.used - cost : 0n }
  },
}
