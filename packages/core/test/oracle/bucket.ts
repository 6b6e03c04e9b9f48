/** A bucket that drains at a constant rate. Told in parts of a unit, `per` to the unit, never reduced. */

import { ceilDiv, type Rules } from './rules.ts'

export interface BucketParams {
  readonly capacity: number
  readonly refill: number
  readonly per: number
}

interface Bucket {
  readonly at: number
  /** In parts of a unit, of which `per` make one. */
  readonly used: bigint
  /** Parts that drain in a millisecond. */
  readonly refill: bigint
  readonly per: bigint
}

function left(bucket: Bucket, now: number): bigint {
  if (bucket.used === 0n || now <= bucket.at) return bucket.used
  const drained = bucket.refill * BigInt(now - bucket.at)
  return drained < bucket.used ? bucket.used - drained : 0n
}

export const bucketRules: Rules<BucketParams, Bucket> = {
  nothing: { at: 0, used: 0n, refill: 1n, per: 1n },
  limit: ({ capacity }) => capacity,
  windowMs: ({ capacity, refill, per }) =>
    Math.max(1, Number(ceilDiv(BigInt(capacity) * BigInt(per), BigInt(refill)))),
  over: (bucket, now) => left(bucket, now) === 0n,
  moved: (bucket, _params, now, patience) => (bucket.at - now > patience ? { ...bucket, at: now } : bucket),
  under(bucket, params, now) {
    const refill = BigInt(params.refill)
    const per = BigInt(params.per)
    // The same rate in other words changes nothing but the words: the division leaves no rest.
    if (bucket.refill * per === refill * bucket.per) {
      return { at: bucket.at, used: (bucket.used * per) / bucket.per, refill, per }
    }
    const units = ceilDiv(left(bucket, now), bucket.per)
    return { at: Math.max(now, bucket.at), used: units * per, refill, per }
  },
  fits: (bucket, { capacity }, now, cost) =>
    left(bucket, now) + cost * bucket.per <= BigInt(capacity) * bucket.per,
  charged(bucket, params, now, cost) {
    const per = BigInt(params.per)
    const at = bucket.used === 0n ? now : Math.max(now, bucket.at)
    return { at, used: left(bucket, now) + cost * per, refill: BigInt(params.refill), per }
  },
  refunded(bucket, _params, now, cost, at) {
    const time = Math.max(now, bucket.at)
    const faded = bucket.refill * BigInt(Math.max(0, time - at))
    const credit = cost * bucket.per - faded
    if (credit <= 0n) return bucket
    const used = left(bucket, now)
    return { ...bucket, at: time, used: used > credit ? used - credit : 0n }
  },
  touched: (bucket, now) => ({ ...bucket, at: Math.max(now, bucket.at), used: left(bucket, now) }),
}
