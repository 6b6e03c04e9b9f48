/** A bucket that drains at a constant rate, told in the largest parts of a unit that make every step exact. */

import { ceilDiv, type Rules } from './rules.ts'

export interface BucketParams {
  readonly capacity: number
  readonly refill: number
  readonly per: number
}

interface Rate {
  /** Parts that drain in a millisecond. */
  readonly refill: bigint
  /** Parts that make a unit. */
  readonly per: bigint
}

interface Bucket extends Rate {
  readonly at: number
  /** In parts. */
  readonly used: bigint
}

const LARGEST = 2n ** 53n - 1n

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b))

function rateOf(params: BucketParams): Rate {
  const [refill, per] = [BigInt(params.refill), BigInt(params.per)]
  const divisor = gcd(refill, per)
  return { refill: refill / divisor, per: per / divisor }
}

function left(bucket: Bucket, now: number): bigint {
  if (bucket.used === 0n || now <= bucket.at) return bucket.used
  const drained = bucket.refill * BigInt(now - bucket.at)
  return drained < bucket.used ? bucket.used - drained : 0n
}

/** As many units in parts of another rate, never less: rounded up to a part, or a little more beyond 2^53. */
function rescaled(used: bigint, from: bigint, to: bigint): bigint {
  const exact = ceilDiv(used * to, from)
  if (used * to <= LARGEST) return exact
  const rounded = BigInt(Math.ceil((Number(used) / Number(from)) * Number(to) * (1 + 2 ** -50)))
  if (rounded < exact || rounded > exact + exact / 2n ** 49n + 1n)
    throw new Error(`${rounded} for ${exact} parts`)
  return rounded < LARGEST ? rounded : LARGEST
}

export const bucketRules: Rules<BucketParams, Bucket> = {
  nothing: { at: 0, used: 0n, refill: 1n, per: 1n },
  limit: ({ capacity }) => capacity,
  windowMs({ capacity, refill, per }) {
    return Math.max(1, Number(ceilDiv(BigInt(capacity) * BigInt(per), BigInt(refill))))
  },
  over: (bucket, now) => left(bucket, now) === 0n,
  moved: (bucket, _params, now, patience) => (bucket.at - now > patience ? { ...bucket, at: now } : bucket),
  under(bucket, params, now) {
    const rate = rateOf(params)
    if (bucket.refill === rate.refill && bucket.per === rate.per) return bucket
    return { ...rate, at: Math.max(now, bucket.at), used: rescaled(left(bucket, now), bucket.per, rate.per) }
  },
  fits(bucket, params, now, cost) {
    const { per } = rateOf(params)
    return left(bucket, now) + cost * per <= BigInt(params.capacity) * per
  },
  charged(bucket, params, now, cost) {
    const rate = rateOf(params)
    const at = bucket.used === 0n ? now : Math.max(now, bucket.at)
    return { ...rate, at, used: left(bucket, now) + cost * rate.per }
  },
  refunded(bucket, now, cost, at) {
    const time = Math.max(now, bucket.at)
    const faded = bucket.refill * BigInt(Math.max(0, now - at))
    const credit = cost * bucket.per - faded
    if (credit <= 0n) return bucket
    const used = left(bucket, now)
    return { ...bucket, at: time, used: used > credit ? used - credit : 0n }
  },
  touched: (bucket, now) => ({ ...bucket, at: Math.max(now, bucket.at), used: left(bucket, now) }),
}
