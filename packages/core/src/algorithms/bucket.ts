import type { Algorithm } from '../algorithm.ts'
import { refuse } from '../check.ts'
import { answer, codec, grown, patienceMs } from './shared.ts'

/**
 * What was used of a bucket, counted in parts of a unit so that every step is an exact integer:
 * `unit` parts make one unit of cost, and `refill` parts drain each millisecond.
 */
export interface BucketState {
  used: number
  /** When `used` was true, in milliseconds. */
  at: number
  /** The scale and the speed that `used` was counted under. */
  unit: number
  refill: number
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)

/**
 * The arithmetic behind `tokenBucket`, `leakyBucket` and `gcra`, which are one algorithm under three names.
 *
 * In any span of T milliseconds at most `capacity + T * amount / perMs` units pass. A level of `capacity` units
 * that refills by `amount` each `perMs` is kept as what was used of it; `amount / perMs` is reduced to
 * `refill / unit`, so a unit of cost is `unit` parts and `refill` parts come back each millisecond.
 *
 * `size` is what a RangeError calls it when `capacity * perMs / gcd(amount, perMs)` is not below
 * 2^53, where JavaScript's and Lua's numbers stop to be exact.
 */
export function bucket(
  capacity: number,
  amount: number,
  perMs: number,
  size: string,
): Algorithm<BucketState> {
  const divisor = greatestCommonDivisor(amount, perMs)
  const unit = perMs / divisor
  const refill = amount / divisor
  const full = capacity * unit
  if (!Number.isSafeInteger(full)) refuse(size, 'below 2^53', full, 'number')
  const windowMs = Math.max(1, Math.ceil(full / refill))
  const patience = patienceMs(windowMs)

  /** What is used at `nowMs`. A product that is rounded, beyond 2^53, is above `used` all the same. */
  const usedAt = (state: BucketState, nowMs: number): number =>
    Math.max(0, state.used - Math.max(0, nowMs - state.at) * state.refill)

  /** Brings the state to `nowMs`; while time stands still (the state is ahead and holds something) it stays. */
  function drain(state: BucketState, nowMs: number): void {
    if (state.used > 0 && state.at > nowMs) return
    state.used = usedAt(state, nowMs)
    state.at = nowMs
  }

  const fresh = (nowMs: number): BucketState => ({ used: 0, at: nowMs, unit, refill })

  return {
    kind: 'tokenBucket',
    queues: true,
    limit: capacity,
    windowMs,
    args: () => [full, unit, refill, patience],
    fresh,
    ...codec(fresh),

    adopt(state, nowMs) {
      const isFuture = state.at - nowMs > patience
      if (isFuture) state.at = nowMs
      if (state.unit === unit && state.refill === refill) return isFuture
      // It drained at its own speed until now. Rounding up grants nothing, and costs at most a part: where the product
      // is too large to be exact, a factor that is larger than any error of rounding sees to it.
      drain(state, nowMs)
      const parts = state.used * unit
      const used = Number.isSafeInteger(parts)
        ? parts / state.unit
        : (state.used / state.unit) * unit * (1 + 2 ** -50)
      state.used = grown(0, Math.ceil(used))
      state.unit = unit
      state.refill = refill
      return true
    },

    look(state, nowMs, cost, out) {
      const used = usedAt(state, nowMs)
      const charged = answer(out, Math.max(0, Math.floor((full - used) / unit)), cost)
      const ahead = state.used > 0 ? Math.max(0, state.at - nowMs) : 0
      out.resetMs = ahead + Math.ceil((used + charged * unit) / refill)
      if (!out.allowed && cost <= capacity) {
        out.retryAfterMs = ahead + Math.ceil((used - (full - cost * unit)) / refill)
      }
    },

    charge(state, nowMs, cost) {
      drain(state, nowMs)
      state.used = grown(state.used, cost * unit)
    },

    refund(state, nowMs, cost, at) {
      drain(state, nowMs)
      // The trace of a charge fades as the bucket drains: without it, at least this much less would be used.
      const trace = grown(0, cost * state.unit) - Math.max(0, nowMs - at) * state.refill
      state.used = Math.max(0, state.used - Math.max(0, trace))
    },

    ttlMs: (state, nowMs) => (state.used > 0 ? state.at + Math.ceil(state.used / state.refill) - nowMs : 0),
  }
}
