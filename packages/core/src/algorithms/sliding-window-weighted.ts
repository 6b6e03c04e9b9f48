import type { Algorithm } from '../algorithm.ts'
import { answer, codec, grown, patienceMs } from './shared.ts'

/** Units charged in the window of the clock that holds `at`, and in the one before it. */
export interface SlidingWindowState {
  /** When something was charged last; the counters are those of its window. */
  at: number
  prev: number
  cur: number
  /** How long the windows are that were counted in. */
  windowMs: number
}

/**
 * Weighs the previous window of the clock by the part of it that the trailing window still covers:
 * `prev * (W - e) + (cur + cost) * W <= limit * W`, where `e` of `W` has passed.
 */
export function weightedSlidingWindow(limit: number, windowMs: number): Algorithm<SlidingWindowState> {
  // `limit * steps` is at most 2^53; a window of whole steps is never shorter than the one asked for.
  const stepMs = Math.ceil(windowMs / Math.floor(2 ** 53 / limit)) || 1
  const steps = Math.ceil(windowMs / stepMs)
  const spanMs = steps * stepMs
  const patience = patienceMs(windowMs)

  /** When the window of `state.cur` began. */
  const startOf = ({ at, windowMs: ofMs }: SlidingWindowState): number => at - (at % ofMs)

  /** How many windows further on `ms` is. */
  const windowsTo = (state: SlidingWindowState, ms: number): number =>
    Math.floor((ms - startOf(state)) / state.windowMs)

  /** The counters as they are at `nowMs`. */
  function rolled(state: SlidingWindowState, nowMs: number): SlidingWindowState {
    const windows = windowsTo(state, nowMs)
    return windows < 1 ? state : { ...state, at: nowMs, prev: windows < 2 ? state.cur : 0, cur: 0 }
  }

  function adopt(state: SlidingWindowState, nowMs: number): boolean {
    // What holds nothing waits for no clock.
    const isEmpty = state.prev + state.cur === 0
    const isFuture = isEmpty ? state.at > nowMs : startOf(state) - nowMs > patience
    if (isFuture) state.at = nowMs
    if (state.windowMs === spanMs) return isFuture
    // What it weighs under its own window, rounded up, counts as if charged when it was charged last: that grants
    // nothing, and however often parameters change, it is forgotten in time.
    const now = Math.max(nowMs, startOf(state))
    const own = rolled(state, now)
    const product = own.prev * (startOf(own) + own.windowMs - now)
    const weight = Number.isSafeInteger(product) ? Math.ceil(product / own.windowMs) : own.prev
    Object.assign(state, { prev: 0, cur: grown(own.cur, weight), windowMs: spanMs })
    // Its window may begin later than its own did.
    adopt(state, nowMs)
    return true
  }

  const fresh = (nowMs: number): SlidingWindowState => ({ at: nowMs, prev: 0, cur: 0, windowMs: spanMs })

  return {
    kind: 'slidingWindow',
    limit,
    windowMs,
    args: () => [limit, steps, stepMs, patience],
    fresh,
    ...codec(fresh),

    adopt,

    look(state, nowMs, cost, out) {
      const now = Math.max(nowMs, startOf(state))
      const { prev, cur } = rolled(state, now)
      const passedMs = now % spanMs
      const left = steps - Math.floor(passedMs / stepMs)
      const leftMs = now - passedMs + spanMs - nowMs
      // Where `prev * left` is beyond 2^53 and so rounded, it is above what it is compared with all the same.
      const free = Math.max(0, Math.floor(((limit - cur) * steps - prev * left) / steps))
      const charged = answer(out, free, cost)
      out.resetMs = prev + cur + charged > 0 ? leftMs : 0
      if (out.allowed || cost > limit) return
      // How many steps before the end of this window (negative: after it) it fits if nothing else is charged: within this
      // window once `prev` has faded to what is free beside `cur`, else in the next one, where `cur` fades.
      const stepsBefore =
        cur + cost <= limit
          ? Math.floor(((limit - cur - cost) * steps) / prev)
          : Math.min(0, Math.floor(((limit - cost) * steps) / cur) - steps)
      out.resetMs = out.retryAfterMs = leftMs - stepsBefore * stepMs
    },

    charge(state, nowMs, cost) {
      Object.assign(state, rolled(state, nowMs))
      state.at = Math.max(state.at, nowMs)
      state.cur = grown(state.cur, cost)
    },

    refund(state, nowMs, cost, at) {
      const window = windowsTo(state, at)
      // Two windows on it weighs nothing.
      if (windowsTo(state, nowMs) - window > 1) return
      if (window === 0) state.cur = Math.max(0, state.cur - cost)
      if (window === -1) state.prev = Math.max(0, state.prev - cost)
    },

    ttlMs(state, nowMs) {
      const windows = state.cur > 0 ? 2 : state.prev > 0 ? 1 : 0
      return windows && startOf(state) + windows * state.windowMs - nowMs
    },
  }
}
