import type { Algorithm } from '../algorithm.ts'
import { hold } from '../held.ts'
import { type Duration, durationMs, knownOptions, wholeNumber } from '../check.ts'
import { answer, grown, numbers, patienceMs } from './shared.ts'

export interface ConcurrencyOptions {
  /** Slots that may be held at once. A whole number from 0. */
  limit: number
  /** After how long without renewal a slot comes free whose holder died; from 1 ms to 10 years. */
  ttl: Duration
}

/** The slots that are held: when each comes free by itself, and how many do. Soonest first. */
export interface ConcurrencyState {
  expiry: number[]
  count: number[]
  /** How long the slot lasts, counted from when it was taken, that comes free last. */
  ttlMs: number
}

/**
 * Counts what is in flight: a charge holds slots, a refund with its receipt frees them.
 *
 * Never more than `limit` slots are held at once, except where a holder outlives `ttl` without renewing.
 * A wait is until the earliest slot that suffices would expire; it is over sooner when one is freed.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function concurrency(options: ConcurrencyOptions): Algorithm<ConcurrencyState> {
  knownOptions('concurrency', options, ['limit', 'ttl'])
  const limit = wholeNumber('limit', options.limit)
  const ttlMs = durationMs('ttl', options.ttl)

  const last = (state: ConcurrencyState): number => state.expiry[state.expiry.length - 1] ?? 0

  /** The index of the first slot that is still held. */
  function firstHeld(state: ConcurrencyState, nowMs: number): number {
    let index = 0
    while (index < state.expiry.length && (state.expiry[index] as number) <= nowMs) index++
    return index
  }

  function remove(state: ConcurrencyState, from: number, howMany: number): void {
    state.expiry.splice(from, howMany)
    state.count.splice(from, howMany)
  }

  return {
    kind: 'concurrency',
    limit,
    windowMs: ttlMs,
    hold,
    args: () => [limit, ttlMs, patienceMs(ttlMs)],
    fresh: () => ({ expiry: [], count: [], ttlMs }),

    // Slots tell by themselves when they expire, so a changed `ttl` changes nothing.
    adopt(state, nowMs) {
      const ahead = last(state) - nowMs - state.ttlMs
      if (ahead <= patienceMs(state.ttlMs)) return false
      state.expiry = state.expiry.map((expiry) => expiry - ahead)
      return true
    },

    look(state, nowMs, cost, out) {
      let index = firstHeld(state, nowMs)
      let held = 0
      for (let at = index; at < state.count.length; at++) held = grown(held, state.count[at] as number)
      const charged = answer(out, Math.max(0, limit - held), cost)
      const end = charged > 0 ? Math.max(last(state), nowMs + ttlMs) : last(state)
      out.resetMs = held + charged > 0 ? end - nowMs : 0
      if (out.allowed || cost > limit) return
      let missing = cost - (limit - held)
      while ((missing -= state.count[index] as number) > 0) index++
      out.retryAfterMs = (state.expiry[index] as number) - nowMs
    },

    charge(state, nowMs, cost) {
      remove(state, 0, firstHeld(state, nowMs))
      const expiry = nowMs + ttlMs
      let index = state.expiry.length
      while (index > 0 && (state.expiry[index - 1] as number) > expiry) index--
      if (state.expiry[index - 1] === expiry) {
        state.count[index - 1] = grown(state.count[index - 1] as number, cost)
      } else {
        state.expiry.splice(index, 0, expiry)
        state.count.splice(index, 0, cost)
      }
      if (last(state) === expiry) state.ttlMs = ttlMs
    },

    refund(state, nowMs, cost, at) {
      const index = state.expiry.indexOf(at + ttlMs)
      if (index < firstHeld(state, nowMs)) return
      const left = (state.count[index] as number) - cost
      if (left > 0) state.count[index] = left
      else remove(state, index, 1)
    },

    ttlMs: (state, nowMs) => (state.expiry.length > 0 ? last(state) - nowMs : 0),
    encode: (state) =>
      [state.ttlMs, ...state.expiry.flatMap((expiry, at) => [expiry, state.count[at]])].join(','),
    decode(text) {
      const [ofMs, ...rest] = numbers(text)
      const pairs = rest.length % 2 === 0 ? rest : []
      return {
        expiry: pairs.filter((_, index) => index % 2 === 0),
        count: pairs.filter((_, index) => index % 2 === 1),
        ttlMs: ofMs || ttlMs,
      }
    },
  }
}
