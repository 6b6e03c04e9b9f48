import type { Algorithm } from '../algorithm.ts'
import { answer, codec, grown, patienceMs } from './shared.ts'

/** Units charged in the window of the clock that began at `start`, and in the one before it. */
export interface SlidingWindowState {
  start: number
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
  const stepMs = Math.ceil(windowMs / Math.min(windowMs, Math.floor(2 ** 53 / limit)))
  const steps = Math.ceil(windowMs / stepMs)
  const spanMs = steps * stepMs
  const patience = patienceMs(windowMs)
  const edge = (nowMs: number): number => nowMs - (nowMs % spanMs)

  /** The counters as they are at `nowMs`, which is not before `state.start`. */
  function rolled(state: SlidingWindowState, nowMs: number): SlidingWindowState {
    if (nowMs < state.start + state.windowMs) return state
    const prev = nowMs < state.start + 2 * state.windowMs ? state.cur : 0
    return { start: nowMs - (nowMs % state.windowMs), prev, cur: 0, windowMs: state.windowMs }
  }

  /** Changes `state` into the counters of `nowMs`. */
  function roll(state: SlidingWindowState, nowMs: number): void {
    if (nowMs >= state.start + spanMs) Object.assign(state, rolled(state, nowMs))
  }

  const fresh = (nowMs: number): SlidingWindowState => ({
    start: edge(nowMs),
    prev: 0,
    cur: 0,
    windowMs: spanMs,
  })

  return {
    kind: 'slidingWindow',
    limit,
    windowMs,
    args: () => [limit, steps, stepMs, patience],
    fresh,
    ...codec(fresh),

    adopt(state, nowMs) {
      const isFuture = state.start - nowMs > patience
      if (isFuture) state.start = nowMs - (nowMs % state.windowMs)
      if (state.windowMs === spanMs) return isFuture
      // What it weighed under its own window, rounded up, counts in full from now on: that grants nothing.
      const at = Math.max(nowMs, state.start)
      const { start, prev, cur, windowMs: ofMs } = rolled(state, at)
      const product = prev * (start + ofMs - at)
      const weight = Number.isSafeInteger(product) ? Math.ceil(product / ofMs) : prev
      Object.assign(state, { start: edge(at), prev: 0, cur: grown(cur, weight), windowMs: spanMs })
      return true
    },

    look(state, nowMs, cost, out) {
      const at = Math.max(nowMs, state.start)
      const { start, prev, cur } = rolled(state, at)
      const left = steps - Math.floor((at - start) / stepMs)
      const leftMs = start + spanMs - nowMs
      // Where `prev * left` is beyond 2^53 and so rounded, it is above what it is compared with all the same.
      const free = Math.max(0, Math.floor(((limit - cur) * steps - prev * left) / steps))
      const charged = answer(out, free, cost)
      out.resetMs = prev + cur + charged > 0 ? leftMs : 0
      if (!out.allowed && cost <= limit) {
        out.retryAfterMs = leftMs - beforeEnd(prev, cur, cost)
        out.resetMs = out.retryAfterMs
      }
    },

    charge(state, nowMs, cost) {
      roll(state, nowMs)
      state.cur = grown(state.cur, cost)
    },

    refund(state, nowMs, cost, at) {
      roll(state, nowMs)
      if (at >= state.start && at < state.start + spanMs) state.cur = Math.max(0, state.cur - cost)
      else if (at >= state.start - spanMs && at < state.start) state.prev = Math.max(0, state.prev - cost)
    },

    ttlMs(state, nowMs) {
      if (state.cur > 0) return state.start + 2 * state.windowMs - nowMs
      return state.prev > 0 ? state.start + state.windowMs - nowMs : 0
    },
  }

  /**
   * How long before the end of the current window (negative: after it) the cost fits if nothing else is charged.
   * Within this window once `prev` has faded to what is free beside `cur`; else in the next one, where `cur` fades.
   */
  function beforeEnd(prev: number, cur: number, cost: number): number {
    if (cur + cost <= limit) return Math.floor(((limit - cur - cost) * steps) / prev) * stepMs
    return Math.min(0, Math.floor(((limit - cost) * steps) / cur) - steps) * stepMs
  }
}
