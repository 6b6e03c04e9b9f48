import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, wholeNumber } from '../check.ts'
import { type BucketState, bucket } from './bucket.ts'

export interface GcraOptions {
  /** Units that come back each `window`, evenly spaced. A whole number from 1. */
  limit: number
  /** The time that `limit` belongs to, from 1 ms to 10 years. */
  window: Duration
  /** Units that may pass at once, the quota that clients are told. A whole number from 0; default `limit`. */
  burst?: number
}

/**
 * The generic cell rate algorithm: `tokenBucket` under its telecom name. Its theoretical arrival time is the
 * instant at which the bucket would be full, so both make the same decisions.
 *
 * At worst `burst + limit * T / window` units pass in any span T.
 *
 * @throws TypeError, RangeError for options out of range, and where `burst * window / gcd(limit, window)` is
 * 2^53 or more
 */
export function gcra(options: GcraOptions): Algorithm<BucketState> {
  knownOptions('gcra', options, ['limit', 'window', 'burst'])
  const limit = wholeNumber('limit', options.limit, 1)
  const burst = options.burst === undefined ? limit : wholeNumber('burst', options.burst)
  return bucket(burst, limit, durationMs('window', options.window), 'burst * window / gcd(limit, window)')
}
