import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, wholeNumber } from '../check.ts'
import { type BucketState, bucket } from './bucket.ts'

export interface TokenBucketOptions {
  /** Tokens that a full bucket holds: the largest burst. A whole number from 0. */
  capacity: number
  /** Tokens that come back each `per`, evenly. A whole number from 1. */
  refill: number
  /** The time that `refill` belongs to, from 1 ms to 10 years. */
  per: Duration
}

/**
 * Forgives bursts of `capacity` and refills steadily.
 *
 * At worst `capacity + refill * T / per` units pass in any span T. Exact integer form: nothing drifts.
 * The bucket as a meter is described in ITU-T I.371; here level = capacity - used.
 *
 * @throws TypeError, RangeError for options out of range, and where `capacity * per / gcd(refill, per)` is 2^53
 * or more
 */
export function tokenBucket(options: TokenBucketOptions): Algorithm<BucketState> {
  knownOptions('tokenBucket', options, ['capacity', 'refill', 'per'])
  const capacity = wholeNumber('capacity', options.capacity)
  const refill = wholeNumber('refill', options.refill, 1)
  return bucket(capacity, refill, durationMs('per', options.per), 'capacity * per / gcd(refill, per)')
}
