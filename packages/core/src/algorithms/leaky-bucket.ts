import type { Algorithm } from '../algorithm.ts'
import { type Duration, durationMs, knownOptions, wholeNumber } from '../check.ts'
import { type BucketState, bucket } from './bucket.ts'

export interface LeakyBucketOptions {
  /** Units that fit into the bucket before it overflows. A whole number from 0. */
  capacity: number
  /** Units that leak out each `per`, evenly. A whole number from 1. */
  leak: number
  /** The time that `leak` belongs to, from 1 ms to 10 years. */
  per: Duration
}

/**
 * A bucket that fills with requests and leaks steadily: the same decisions as `tokenBucket`, told as a meter.
 *
 * At worst `capacity + leak * T / per` units pass in any span T.
 *
 * @throws TypeError, RangeError for options out of range, and where `capacity * per / gcd(leak, per)` is 2^53 or
 * more
 */
export function leakyBucket(options: LeakyBucketOptions): Algorithm<BucketState> {
  knownOptions('leakyBucket', options, ['capacity', 'leak', 'per'])
  const capacity = wholeNumber('capacity', options.capacity)
  const leak = wholeNumber('leak', options.leak, 1)
  return bucket(capacity, leak, durationMs('per', options.per), 'capacity * per / gcd(leak, per)')
}
