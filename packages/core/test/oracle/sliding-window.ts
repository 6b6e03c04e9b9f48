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
  /** When something was counted last: no time before its counter is believed. */
  readonly last: number
  readonly window: number
}

/** The window in steps just so long that `limit` times their number is exact in a double. */
function grid({ limit, window }: SlidingParams): { step: number; steps: number; span: number } {
  const exact = (step: number): boolean => BigInt(limit) * BigInt(Math.ceil(window / step)) <= 2n ** 53n
  const step = 1 + firstMs(1, exact)
  const steps = Math.ceil(window / step)
  return { step, steps, span: step * steps }
}

const newestStart = ({ last, window }: Sliding): number => edge(last, window)

function counters(state: Sliding, now: number): { start: number; prev: bigint; cur: bigint } {
  const start = Math.max(newestStart(state), edge(now, state.window))
  return {
    start,
    prev: sum(state.hits, (at) => at >= start - state.window && at < start),
    cur: sum(state.hits, (at) => at >= start && at < start + state.window),
  }
}

export const slidingWindowRules: Rules<SlidingParams, Sliding> = {
  nothing: { hits: [], last: 0, window: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over(state, now) {
    const { prev, cur } = counters(state, now)
    return prev + cur === 0n
  },
  moved(state, _params, now, patience) {
    if (newestStart(state) - now <= patience) return state
    const ahead = newestStart(state) - edge(now, state.window)
    return { ...state, last: now, hits: state.hits.map(({ at, units }) => ({ at: at - ahead, units })) }
  },
  under(state, params, now) {
    const { span } = grid(params)
    if (state.window === span) return state
    const { start, prev, cur } = counters(state, now)
    const left = BigInt(state.window - (Math.max(now, start) - start))
    const weight = prev * left < 2n ** 53n ? ceilDiv(prev * left, BigInt(state.window)) : prev
    // All as if counted when something was counted last: later than any of it was.
    return { hits: [{ at: state.last, units: cur + weight }], last: state.last, window: span }
  },
  fits(state, params, now, cost) {
    const { start, prev, cur } = counters(state, now)
    const { step, steps } = grid(params)
    const [whole, elapsed] = [BigInt(steps), BigInt(Math.floor((Math.max(now, start) - start) / step))]
    return prev * (whole - elapsed) + (cur + cost) * whole <= BigInt(params.limit) * whole
  },
  charged(state, params, now, cost) {
    const { span } = grid(params)
    const known = { ...state, window: span, last: state.hits.length > 0 ? Math.max(state.last, now) : now }
    return { ...known, hits: [...state.hits, { at: Math.max(now, newestStart(known)), units: cost }] }
  },
  refunded(state, now, cost, at) {
    const { start } = counters(state, now)
    const from = at >= start ? start : start - state.window
    if (at < from || at >= from + state.window) return state
    return { ...state, hits: without(state.hits, cost, (t) => t >= from && t < from + state.window) }
  },
  touched: (state, now) => (edge(now, state.window) > newestStart(state) ? { ...state, last: now } : state),
  // A promise that no later charge can break: where one waits, else where the current counter ends.
  resetMs(state, _params, now, retryAfterMs) {
    if (retryAfterMs > 0 && retryAfterMs < Infinity) return retryAfterMs
    const { start, prev, cur } = counters(state, now)
    return prev + cur === 0n ? 0 : start + state.window - now
  },
}
