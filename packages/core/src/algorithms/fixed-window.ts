import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, oneOf, wholeNumber } from '../check.ts'
import { answer, codec, grown, patienceMs } from './shared.ts'

export interface FixedWindowOptions {
  /** Units per window. A whole number from 0. */
  limit: number
  /** How long a window lasts, from 1 ms to 10 years. */
  window: Duration
  /**
   * When a window starts: `'first-charge'` (default), at the first charge after the last window ended; `'clock'`,
   * at whole multiples of `window` since 1970, for all keys at once.
   */
  align?: 'first-charge' | 'clock'
}

/** Units charged in the window that began at `start`. Nothing used: no window has begun. */
export interface FixedWindowState {
  start: number
  used: number
  /** How long it lasts from `start`: until an edge, if it was begun under another window than that of the edges. */
  windowMs: number
}

/**
 * Counts in windows that do not overlap. The cheapest, and told to clients most easily.
 *
 * At worst 2 * `limit` units pass within one `window`: all of one window at its end, all of the next at its start.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function fixedWindow(options: FixedWindowOptions): Algorithm<FixedWindowState> {
  knownOptions('fixedWindow', options, ['limit', 'window', 'align'])
  const limit = wholeNumber('limit', options.limit)
  const windowMs = durationMs('window', options.window)
  const clock = oneOf('align', options.align ?? 'first-charge', ['first-charge', 'clock']) === 'clock'
  const patience = patienceMs(windowMs)

  const opens = (nowMs: number): number => (clock ? nowMs - (nowMs % windowMs) : nowMs)
  const runs = (state: FixedWindowState, nowMs: number): boolean =>
    state.used > 0 && nowMs < state.start + state.windowMs

  const fresh = (nowMs: number): FixedWindowState => ({ start: opens(nowMs), used: 0, windowMs })

  return {
    kind: 'fixedWindow',
    limit,
    windowMs,
    args: () => [limit, windowMs, clock ? 1 : 0, patience],
    fresh,
    ...codec(fresh),

    adopt(state, nowMs) {
      const isFuture = state.start - nowMs > patience
      if (isFuture) state.start = nowMs
      const ofMs = opens(state.start) + windowMs - state.start
      if (state.windowMs === ofMs) return isFuture
      // What is over by its own window stays over; else its count is read in the window of ours that it began in. Where it
      // began stays as it was: moved back to an edge, a shorter window would take it for over.
      if (!runs(state, nowMs)) state.used = 0
      state.windowMs = ofMs
      return true
    },

    look(state, nowMs, cost, out) {
      const running = runs(state, nowMs)
      const used = running ? state.used : 0
      const leftMs = (running ? state.start + state.windowMs : opens(nowMs) + windowMs) - nowMs
      const charged = answer(out, Math.max(0, limit - used), cost)
      out.resetMs = used + charged > 0 ? leftMs : 0
      if (!out.allowed && cost <= limit) out.retryAfterMs = leftMs
    },

    charge(state, nowMs, cost) {
      if (!runs(state, nowMs)) Object.assign(state, fresh(nowMs))
      state.used = grown(state.used, cost)
    },

    refund(state, nowMs, cost, at) {
      const counted = runs(state, nowMs) && at >= state.start && at < state.start + state.windowMs
      if (counted) state.used = Math.max(0, state.used - cost)
    },

    ttlMs: (state, nowMs) => (state.used > 0 ? state.start + state.windowMs - nowMs : 0),
  }
}
