/** Random parameters, small and at the bounds of exact arithmetic, and changes of them. */

import fc from 'fast-check'
import type { BucketParams } from './oracle/bucket.ts'
import type { ConcurrencyParams } from './oracle/concurrency.ts'
import type { FixedParams } from './oracle/fixed-window.ts'
import type { SlidingParams } from './oracle/sliding-window.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const TEN_YEARS = 3660 * DAY
const MAX = Number.MAX_SAFE_INTEGER

export const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })

const limit = fc.oneof({ weight: 9, arbitrary: whole(0, 12) }, whole(13, 2000))
const window = fc.oneof(
  { weight: 4, arbitrary: whole(1, 30) },
  { weight: 4, arbitrary: fc.constantFrom(100, 1000, 60_000, 90_000) },
  { weight: 1, arbitrary: fc.constantFrom(HOUR, DAY, 30 * DAY, TEN_YEARS, 86_399_999) },
)

/** Parameters and up to two changes of some of them. */
export const changing = <P extends object>(
  all: fc.Arbitrary<P>,
  changes: fc.Arbitrary<Partial<P>>,
): fc.Arbitrary<readonly P[]> =>
  fc
    .tuple(all, fc.array(changes, { maxLength: 2 }))
    .map(([first, others]) => [first, ...others.map((change) => ({ ...first, ...change }))])

/** Mostly small ones that change, sometimes a huge one that does not. */
const mostly = <P>(small: fc.Arbitrary<readonly P[]>, huge: fc.Arbitrary<P>): fc.Arbitrary<readonly P[]> =>
  fc.oneof(
    { weight: 12, arbitrary: small },
    huge.map((only) => [only]),
  )

export const either = <P>(...changes: fc.Arbitrary<Partial<P>>[]): fc.Arbitrary<Partial<P>> =>
  fc.oneof(...changes)

const hugeLimit = fc.constantFrom(MAX, MAX - 1, 2 ** 52, 2 ** 52 + 1, 2 ** 43 + 1)

const limitChange = fc.record({ limit })
const windowChange = fc.record({ window })

export const plain: fc.Arbitrary<readonly SlidingParams[]> = mostly(
  changing<SlidingParams>(fc.record({ limit, window }), either<SlidingParams>(limitChange, windowChange)),
  fc.record({ limit: hugeLimit, window }),
)

export const fixed: fc.Arbitrary<readonly FixedParams[]> = mostly(
  changing<FixedParams>(
    fc.record({ limit, window, clock: fc.boolean() }),
    either<FixedParams>(limitChange, windowChange, windowChange, fc.record({ clock: fc.boolean() })),
  ),
  fc.record({ limit: hugeLimit, window, clock: fc.boolean() }),
)

/** Where `limit * window` is around 2^53, steps of time become longer than a millisecond. */
const nearTheGrid = fc.tuple(window, whole(1, 9), whole(-2, 2)).map(([span, times, off]) => ({
  limit: Math.min(MAX, Math.floor((2 ** 53 / span) * times) + off),
  window: span,
}))

export const sliding: fc.Arbitrary<readonly SlidingParams[]> = mostly(
  changing<SlidingParams>(fc.record({ limit, window }), either<SlidingParams>(limitChange, windowChange)),
  fc.oneof(nearTheGrid, fc.record({ limit: hugeLimit, window })),
)

const refill = fc.oneof(whole(1, 7), fc.constantFrom(10, 60, 999))
const per = fc.oneof(window, whole(1, 5000))

/** Full to just below 2^53, at rates that empty it within ten years. */
const brimful = fc.tuple(per, refill).map(([span, rate]) => {
  const [a, b] = [span, rate].map(BigInt) as [bigint, bigint]
  let divisor = a
  for (let rest = b; rest > 0n; [divisor, rest] = [rest, divisor % rest]);
  const capacity = Math.floor(MAX / Number(a / divisor))
  return { capacity: Math.min(capacity, Math.floor((TEN_YEARS / span) * rate)), refill: rate, per: span }
})

export const bucket: fc.Arbitrary<readonly BucketParams[]> = mostly(
  changing<BucketParams>(
    fc.record({ capacity: limit, refill, per }),
    either<BucketParams>(
      fc.record({ capacity: limit }),
      fc.record({ refill }),
      fc.record({ per }),
      fc.record({ capacity: limit, refill, per }),
    ),
  ),
  brimful,
)

export const concurrency: fc.Arbitrary<readonly ConcurrencyParams[]> = mostly(
  changing<ConcurrencyParams>(
    fc.record({ limit, ttl: window }),
    either<ConcurrencyParams>(limitChange, fc.record({ ttl: window })),
  ),
  fc.record({ limit: hugeLimit, ttl: window }),
)
