import type { Algorithm } from '../algorithm.ts'
import { refuse } from '../check.ts'
import { grant, tooMany } from '../grants.ts'
import { answer, codec, grown } from './shared.ts'

/** Units, counted since the last grant. */
export interface PrepaidState {
  /** What there was right after it, and what came back beyond that. Nothing was ever granted: 0. */
  granted: number
  /** What was taken of that, and what is owed. */
  used: number
}

/**
 * A balance without a window: units are granted by `limiter.grant`, taken, and never come back by themselves.
 *
 * Never more is taken than was granted: admitted + left = granted + refunded, but for what is charged by force, which is
 * owed and paid off by the next grant. A key that nothing was granted to has nothing, and owes nothing. `limit` is what there was after
 * the last grant, `windowMs` is `Infinity`; a refusal has a `retryAfterMs` of `Infinity`, since no wait helps.
 *
 * State of it never expires and is never evicted; stores that may forget refuse it. In memory it ends with the process.
 * While a store is away its calls are refused as by `onStoreError: 'deny'`, unless that is `'allow'`.
 *
 * @throws TypeError for options: there are none
 */
export function prepaid(...options: readonly never[]): Algorithm<PrepaidState> {
  if (options.length > 0)
    refuse('what prepaid takes', 'nothing: units are granted by limiter.grant()', options[0])

  const fresh = (): PrepaidState => ({ granted: 0, used: 0 })

  return {
    kind: 'prepaid',
    limit: 0,
    maxLimit: Infinity,
    windowMs: Infinity,
    lasting: true,
    grant,
    args: () => [],
    fresh,
    ...codec(fresh),

    // Nothing in it goes by time or parameters.
    adopt: () => false,

    look({ granted, used }, _nowMs, cost, out) {
      const charged = answer(out, Math.max(0, granted - used), cost)
      out.resetMs = used + charged > 0 ? Infinity : 0
      out.limit = granted
    },

    charge(state, _nowMs, cost) {
      // Who was never granted anything owes nothing, or made-up keys would be kept for ever.
      if (state.granted > 0) state.used = grown(state.used, cost)
    },

    refund(state, _nowMs, cost) {
      const back = Math.min(state.used, cost)
      state.used -= back
      // What was charged before the last grant, which counted it as gone.
      state.granted = grown(state.granted, cost - back)
    },

    add(state, units) {
      const left = Math.max(0, state.granted - state.used)
      if (units > Number.MAX_SAFE_INTEGER - left) tooMany(units)
      state.used = Math.max(0, state.used - state.granted)
      state.granted = left + units
    },

    ttlMs: ({ granted }) => (granted > 0 ? Infinity : 0),
  }
}
