import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, oneOf, wholeNumber } from '../check.ts'
import { type StrictState, strictSlidingWindow } from './sliding-window-strict.ts'
import { type SlidingWindowState, weightedSlidingWindow } from './sliding-window-weighted.ts'

export interface SlidingWindowOptions {
  /** Units per window. A whole number from 0. */
  limit: number
  /** How long the window is, from 1 ms to 10 years. */
  window: Duration
  /** `true`: never more than `limit` in any trailing window, for eleven counters a key. Default `false`. */
  strict?: boolean
}

/**
 * Weighs the previous window of the clock by the part of it that the trailing window still covers.
 *
 * Smooth across edges for two counters a key: `prev * (W - e) + (cur + cost) * W <= limit * W`, where `e` of `W`
 * has passed. It takes the previous window's units as spread evenly, so at worst just under 2 * `limit` pass in a
 * trailing window (all at the end of one, then a trickle), and never more than `limit` in a window of the clock.
 * With `strict: true` never more than `limit` pass in any trailing window: see `strictSlidingWindow`.
 *
 * Where `limit * window` is above 2^53, time is counted in steps of `ceil(windowMs / floor(2^53 / limit))` ms.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function slidingWindow(options: SlidingWindowOptions): Algorithm<SlidingWindowState | StrictState> {
  knownOptions('slidingWindow', options, ['limit', 'window', 'strict'])
  const limit = wholeNumber('limit', options.limit)
  const windowMs = durationMs('window', options.window)
  return oneOf('strict', options.strict ?? false, [true, false])
    ? strictSlidingWindow(limit, windowMs)
    : weightedSlidingWindow(limit, windowMs)
}
