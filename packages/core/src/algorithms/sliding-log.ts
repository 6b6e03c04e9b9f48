import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, wholeNumber } from '../check.ts'
import { answer, grown, numbers, patienceMs } from './shared.ts'

export interface SlidingLogOptions {
  /** Units in any trailing window. A whole number from 0. Memory grows with it: one entry a distinct millisecond. */
  limit: number
  /** How long the window is, from 1 ms to 10 years. */
  window: Duration
}

/** Every charge that may still count: when, and how much. One entry a millisecond, oldest first. */
export interface SlidingLogState {
  at: number[]
  cost: number[]
  /** The entries before this index have left; they are cut off now and then, not one by one. */
  head: number
  /** The sum of `cost` from `head` on. */
  used: number
  /** How long an entry counts. */
  windowMs: number
}

/**
 * Remembers every charge for one window.
 *
 * Exact: never more than `limit` units in any trailing window, and a wait ends the very millisecond in which
 * enough has left. An entry of instant `t` has left at `t + window`.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function slidingLog(options: SlidingLogOptions): Algorithm<SlidingLogState> {
  knownOptions('slidingLog', options, ['limit', 'window'])
  const limit = wholeNumber('limit', options.limit)
  const windowMs = durationMs('window', options.window)
  const patience = patienceMs(windowMs)

  const newest = ({ at, head }: SlidingLogState): number =>
    at.length > head ? (at[at.length - 1] as number) : 0
  /** Time stands still at the newest entry while the clock is behind it. */
  const standing = (state: SlidingLogState, nowMs: number): number => Math.max(nowMs, newest(state))

  /** A log of the entries that `keep` says, which are not older than the state's own window. */
  function logOf(pairs: readonly (readonly [at: number, cost: number])[], ofMs: number): SlidingLogState {
    const used = pairs.reduce((sum, [, cost]) => grown(sum, cost), 0)
    return { at: pairs.map(([at]) => at), cost: pairs.map(([, cost]) => cost), head: 0, used, windowMs: ofMs }
  }

  /** The entries that count at `nowMs`. */
  function live(state: SlidingLogState, nowMs: number): [at: number, cost: number][] {
    const leftMs = standing(state, nowMs) - state.windowMs
    const pairs = state.at.map((at, index): [number, number] => [at, state.cost[index] as number])
    return pairs.slice(state.head).filter(([at]) => at > leftMs)
  }

  /** Moves `head` behind what has left at `nowMs`. */
  function prune(state: SlidingLogState, nowMs: number): void {
    const leftMs = standing(state, nowMs) - state.windowMs
    while (state.head < state.at.length && (state.at[state.head] as number) <= leftMs) {
      state.used -= state.cost[state.head++] as number
    }
    if (state.head < 32 || state.head * 2 < state.at.length) return
    state.at.splice(0, state.head)
    state.cost.splice(0, state.head)
    state.head = 0
  }

  return {
    kind: 'slidingLog',
    limit,
    windowMs,
    args: () => [limit, windowMs, patience],
    fresh: () => logOf([], windowMs),

    adopt(state, nowMs) {
      const ahead = newest(state) - nowMs
      if (ahead > patience) state.at = state.at.map((at) => at - ahead)
      if (state.windowMs === windowMs) return ahead > patience
      Object.assign(state, logOf(live(state, nowMs), windowMs))
      return true
    },

    look(state, nowMs, cost, out) {
      const leftMs = standing(state, nowMs) - windowMs
      let { head, used } = state
      while (head < state.at.length && (state.at[head] as number) <= leftMs)
        used -= state.cost[head++] as number
      const charged = answer(out, Math.max(0, limit - used), cost)
      const last = charged > 0 ? standing(state, nowMs) : newest(state)
      out.resetMs = used + charged > 0 ? last + windowMs - nowMs : 0
      if (out.allowed || cost > limit) return
      let missing = cost - (limit - used)
      while ((missing -= state.cost[head] as number) > 0) head++
      out.retryAfterMs = (state.at[head] as number) + windowMs - nowMs
    },

    charge(state, nowMs, cost) {
      prune(state, nowMs)
      const at = standing(state, nowMs)
      const last = state.at.length - 1
      if (last >= state.head && state.at[last] === at) {
        state.cost[last] = grown(state.cost[last] as number, cost)
      } else {
        state.at.push(at)
        state.cost.push(cost)
      }
      state.used = grown(state.used, cost)
    },

    refund(state, nowMs, cost, at) {
      const counts = state.at.lastIndexOf(at) >= state.head && at > standing(state, nowMs) - state.windowMs
      if (!counts) return
      // What has left stays away when the newest entry is taken back.
      prune(state, nowMs)
      const index = state.at.lastIndexOf(at)
      const counted = state.cost[index] as number
      state.used -= Math.min(cost, counted)
      if (cost < counted) {
        state.cost[index] = counted - cost
      } else {
        state.at.splice(index, 1)
        state.cost.splice(index, 1)
      }
    },

    ttlMs: (state, nowMs) => (state.used > 0 ? newest(state) + state.windowMs - nowMs : 0),
    encode: (state) => [state.windowMs, ...live(state, 0).flat()].join(','),
    decode(text) {
      const [ofMs, ...rest] = numbers(text)
      const pairs = rest.flatMap((at, index) =>
        index % 2 === 0 ? [[at, rest[index + 1] ?? 0] as const] : [],
      )
      return logOf(pairs, ofMs || windowMs)
    },
  }
}
