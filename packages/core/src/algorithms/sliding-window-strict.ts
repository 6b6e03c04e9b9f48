import type { Algorithm } from '../algorithm.ts'
import { answer, grown, numbers, patienceMs } from './shared.ts'

/** Units charged in each of the last parts of the window, a tenth of it long. */
export interface StrictState {
  /** When something was charged last; the newest part is the one that holds it. */
  at: number
  /** How long the window is that the parts belong to. */
  windowMs: number
  /** At most eleven counts, newest part first. */
  counts: number[]
}

const partMs = (windowMs: number): number => Math.ceil(windowMs / 10)

/**
 * Counts in parts of `ceil(windowMs / 10)` ms. A part counts in full until all of it has left the trailing
 * window, so at worst `limit` units pass in any trailing window; the price is a wait longer by up to one part.
 */
export function strictSlidingWindow(limit: number, windowMs: number): Algorithm<StrictState> {
  const part = partMs(windowMs)
  const patience = patienceMs(windowMs)
  const begins = (nowMs: number, ofMs: number): number => nowMs - (nowMs % ofMs)
  const startOf = (state: StrictState): number => begins(state.at, partMs(state.windowMs))

  /** When the part at `index` stops to count. */
  const leaves = (state: StrictState, index: number): number =>
    startOf(state) - (index - 1) * partMs(state.windowMs) + state.windowMs

  /** What counts at `nowMs`, which is not before the newest part. */
  function usedAt(state: StrictState, nowMs: number): number {
    let used = 0
    for (let index = 0; index < state.counts.length && leaves(state, index) > nowMs; index++) {
      used = grown(used, state.counts[index] as number)
    }
    return used
  }

  /** When the newest part that holds anything leaves. */
  function lastLeaves(state: StrictState): number {
    const index = state.counts.findIndex((count) => count > 0)
    return index < 0 ? 0 : leaves(state, index)
  }

  /** The instant at which enough of the oldest parts have left to free `missing` units. */
  function freed(state: StrictState, nowMs: number, missing: number): number {
    let [index, sum] = [state.counts.length, 0]
    while (index > 0 && sum < missing) {
      index--
      if (leaves(state, index) > nowMs) sum += state.counts[index] as number
    }
    return leaves(state, index)
  }

  /** Makes the part of `nowMs` the newest, unless time stands still. */
  function roll(state: StrictState, nowMs: number): void {
    const passed = (begins(nowMs, part) - startOf(state)) / part
    for (let left = Math.min(passed, 11); left > 0; left--) state.counts.unshift(0)
    state.at = Math.max(state.at, nowMs)
    while (state.counts.length > 1 && leaves(state, state.counts.length - 1) <= state.at) state.counts.pop()
  }

  function adopt(state: StrictState, nowMs: number): boolean {
    // What holds nothing waits for no clock.
    const isFuture = lastLeaves(state) === 0 ? state.at > nowMs : startOf(state) - nowMs > patience
    if (isFuture) state.at = nowMs
    if (state.windowMs === windowMs) return isFuture
    // What counts by its own window counts as if charged when it was charged last: that grants nothing, and however
    // often parameters change, it is forgotten in time.
    Object.assign(state, { windowMs, counts: [usedAt(state, Math.max(nowMs, startOf(state)))] })
    // Its newest part may begin later than its own did.
    adopt(state, nowMs)
    return true
  }

  return {
    kind: 'slidingWindowStrict',
    limit,
    windowMs,
    args: () => [limit, windowMs, part, patience],
    fresh: (nowMs) => ({ at: nowMs, windowMs, counts: [0] }),

    adopt,

    look(state, nowMs, cost, out) {
      const at = Math.max(nowMs, startOf(state))
      const used = usedAt(state, at)
      const charged = answer(out, Math.max(0, limit - used), cost)
      const last = charged > 0 ? begins(at, part) + part + windowMs : lastLeaves(state)
      out.resetMs = used + charged > 0 ? last - nowMs : 0
      if (!out.allowed && cost <= limit) out.retryAfterMs = freed(state, at, cost - (limit - used)) - nowMs
    },

    charge(state, nowMs, cost) {
      roll(state, nowMs)
      state.counts[0] = grown(state.counts[0] as number, cost)
    },

    refund(state, nowMs, cost, at) {
      const ofMs = partMs(state.windowMs)
      const index = (startOf(state) - begins(at, ofMs)) / ofMs
      const count = state.counts[index]
      if (count === undefined || leaves(state, index) <= nowMs) return
      state.counts[index] = Math.max(0, count - cost)
    },

    ttlMs: (state, nowMs) => Math.max(0, lastLeaves(state) - nowMs),
    encode: (state) => [state.at, state.windowMs, ...state.counts].join(','),
    decode(text) {
      const [at = 0, ofMs, ...counts] = numbers(text)
      return { at, windowMs: ofMs || windowMs, counts: counts.length > 0 ? counts.slice(0, 11) : [0] }
    },
  }
}
