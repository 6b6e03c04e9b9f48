/** Two counters on clock edges; what the older one weighs fades in equal steps. */

import { ceilDiv, edge, sum, without, type Hit, type Rules } from './rules.ts'
import { firstMs } from './search.ts'

export interface SlidingParams {
  readonly limit: number
  readonly window: number
}

/** Every hit stands at the time that it was counted at; the counters are sums over spans of time. */
interface Sliding {
  readonly hits: readonly Hit[]
  /** Where the newest counter that was ever counted in begins: no time before it is believed. */
  readonly start: number
  readonly window: number
}

/** The window in steps just so long that `limit` times their number is exact in a double. */
function grid({ limit, window }: SlidingParams): { step: number; steps: number; span: number } {
  const exact = (step: number): boolean => BigInt(limit) * BigInt(Math.ceil(window / step)) <= 2n ** 53n
  const step = 1 + firstMs(1, exact)
  const steps = Math.ceil(window / step)
  return { step, steps, span: step * steps }
}

function counters(state: Sliding, now: number): { start: number; prev: bigint; cur: bigint } {
  const start = Math.max(state.start, edge(now, state.window))
  return {
    start,
    prev: sum(state.hits, (at) => at >= start - state.window && at < start),
    cur: sum(state.hits, (at) => at >= start && at < start + state.window),
  }
}

export const slidingWindowRules: Rules<SlidingParams, Sliding> = {
  nothing: { hits: [], start: 0, window: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over(state, now) {
    const { prev, cur } = counters(state, now)
    return prev + cur === 0n
  },
  moved(state, _params, now, patience) {
    if (state.start - now <= patience) return state
    const start = edge(now, state.window)
    const hits = state.hits.map(({ at, units }) => ({ at: at - (state.start - start), units }))
    return { ...state, start, hits }
  },
  under(state, params, now) {
    const { span } = grid(params)
    if (state.window === span) return state
    const { start, prev, cur } = counters(state, now)
    const believed = Math.max(now, start)
    const left = BigInt(state.window - (believed - start))
    const weight = prev * left < 2n ** 53n ? ceilDiv(prev * left, BigInt(state.window)) : prev
    const units = cur + weight
    return { hits: [{ at: edge(believed, span), units }], start: edge(believed, span), window: span }
  },
  fits(state, params, now, cost) {
    const { start, prev, cur } = counters(state, now)
    const { step, steps } = grid(params)
    const elapsed = Math.floor((Math.max(now, start) - start) / step)
    return (
      prev * BigInt(steps - elapsed) + (cur + cost) * BigInt(steps) <= BigInt(params.limit) * BigInt(steps)
    )
  },
  charged(state, params, now, cost) {
    const { span } = grid(params)
    const start = Math.max(state.hits.length > 0 ? state.start : 0, edge(now, span))
    return { hits: [...state.hits, { at: Math.max(now, start), units: cost }], start, window: span }
  },
  refunded(state, _params, now, cost, at) {
    const { start } = counters(state, now)
    const from = at >= start ? start : start - state.window
    if (at < from || at >= from + state.window) return state
    return { ...state, hits: without(state.hits, cost, (t) => t >= from && t < from + state.window) }
  },
  touched: (state, now) => ({ ...state, start: counters(state, now).start }),
  // A promise that no later charge can break: where one waits, else where the current counter ends.
  resetMs(state, _params, now, retryAfterMs) {
    if (retryAfterMs > 0 && retryAfterMs < Infinity) return retryAfterMs
    const { start, prev, cur } = counters(state, now)
    return prev + cur === 0n ? 0 : start + state.window - now
  },
}
