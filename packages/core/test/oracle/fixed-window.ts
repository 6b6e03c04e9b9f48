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
  /** From `start` to its end. */
  readonly window: number
  readonly used: bigint
}

const opens = (now: number, { window, clock }: FixedParams): number => (clock ? edge(now, window) : now)

export const fixedWindowRules: Rules<FixedParams, Fixed> = {
  nothing: { start: 0, window: 1, used: 0n },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over: ({ start, window, used }, now) => used === 0n || now >= start + window,
  moved(state, _params, now, patience) {
    return state.start - now > patience ? { ...state, start: now } : state
  },
  under(state, params) {
    return { ...state, window: opens(state.start, params) + params.window - state.start }
  },
  fits: ({ used }, { limit }, _now, cost) => used + cost <= BigInt(limit),
  charged(state, params, now, cost) {
    const { start, window } = state.used === 0n ? { start: opens(now, params), window: params.window } : state
    return { start, window, used: state.used + cost }
  },
  refunded(state, _now, cost, at) {
    if (at < state.start || at >= state.start + state.window) return state
    return { ...state, used: state.used > cost ? state.used - cost : 0n }
  },
}
