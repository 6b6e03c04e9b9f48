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

/** The slots that are held, the one that comes free first in front: three lists side by side. */
export interface ConcurrencyState {
  /** When it comes free by itself, in milliseconds. */
  expiry: number[]
  /** For how long it was taken, in milliseconds. */
  ttl: number[]
  /** How many slots. */
  count: number[]
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

  const last = (state: ConcurrencyState): number => state.expiry.at(-1) ?? 0

  /** The index of the first slot that is still held. */
  function firstHeld(state: ConcurrencyState, nowMs: number): number {
    let index = 0
    while (index < state.expiry.length && (state.expiry[index] as number) <= nowMs) index++
    return index
  }

  function remove(state: ConcurrencyState, from: number, howMany: number): void {
    for (const list of [state.expiry, state.ttl, state.count]) list.splice(from, howMany)
  }

  return {
    kind: 'concurrency',
    limit,
    windowMs: ttlMs,
    hold,
    args: () => [limit, ttlMs],
    fresh: () => ({ expiry: [], ttl: [], count: [] }),

    // Slots tell by themselves when they expire, so a changed `ttl` changes nothing.
    adopt(state, nowMs) {
      const ofMs = state.ttl.at(-1) ?? 0
      const ahead = last(state) - nowMs - ofMs
      if (ahead <= patienceMs(ofMs)) return false
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
      const before = index - 1
      if (state.expiry[before] === expiry && state.ttl[before] === ttlMs) {
        state.count[before] = grown(state.count[before] as number, cost)
      } else {
        state.expiry.splice(index, 0, expiry)
        state.ttl.splice(index, 0, ttlMs)
        state.count.splice(index, 0, cost)
      }
    },

    refund(state, nowMs, cost, at) {
      const index = state.expiry.findIndex(
        (expiry, slot) => expiry > nowMs && expiry - (state.ttl[slot] as number) === at,
      )
      if (index < 0) return
      const left = (state.count[index] as number) - cost
      if (left > 0) state.count[index] = left
      else remove(state, index, 1)
    },

    ttlMs: (state, nowMs) => (state.expiry.length > 0 ? last(state) - nowMs : 0),
    encode: (state) =>
      state.expiry.flatMap((expiry, index) => [expiry, state.ttl[index], state.count[index]]).join(','),
    decode(text) {
      const parts = numbers(text)
      const every = (offset: number): number[] => parts.filter((_, index) => index % 3 === offset)
      return parts.length % 3 === 0
        ? { expiry: every(0), ttl: every(1), count: every(2) }
        : { expiry: [], ttl: [], count: [] }
    },
  }
}
