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

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b))

/**
 * What is used in parts of another bucket, rounded up to its smallest part: `per / gcd(refill, per)` to the unit.
 * Where production's product would not be exact, to whole units.
 */
function rescaled(bucket: Bucket, used: bigint, params: BucketParams): bigint {
  const [refill, per] = [BigInt(params.refill), BigInt(params.per)]
  const [own, other] = [gcd(bucket.refill, bucket.per), gcd(refill, per)]
  const exact = (used / own) * (per / other) < 2n ** 53n
  return exact ? ceilDiv(used * per, bucket.per * other) * other : ceilDiv(used, bucket.per) * per
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
    return { at: Math.max(now, bucket.at), used: rescaled(bucket, left(bucket, now), params), refill, per }
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
