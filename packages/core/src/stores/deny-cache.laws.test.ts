import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { calendarWindow } from '../algorithms/calendar-window.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { chargeOf } from '../charges.ts'
import { storeCases } from '../conformance.ts'
import type { Charge, ChargeKind, Ruling, Store } from '../store.ts'
import { laterStore } from '../testing/later-store.ts'
import { noon } from '../testing/worlds.ts'
import { denyCache } from './deny-cache.ts'
import { memoryStore } from './memory.ts'

describe('around a store, a deny cache', () => {
  for (const { name, run } of storeCases)
    it(name, () => run((clock) => denyCache(laterStore(memoryStore({ clock })), { now: clock })))
})

interface Step {
  readonly passes: number
  readonly key: string
  readonly cost: number
  readonly kind: ChargeKind
  readonly withinMs: number
}

interface History {
  readonly algorithm: Algorithm
  readonly steps: readonly Step[]
  readonly maxStale: number
}

interface Told {
  readonly ruling: Ruling
  readonly charge: Charge
}

describe('without anybody else, a deny cache', () => {
  const algorithms: Algorithm[] = [
    tokenBucket({ capacity: 10, refill: 7, per: '1s' }),
    fixedWindow({ limit: 6, window: '1s' }),
    fixedWindow({ limit: 6, window: 700, align: 'clock' }),
    slidingWindow({ limit: 6, window: 900 }),
    slidingWindow({ limit: 6, window: 900, strict: true }),
    slidingLog({ limit: 6, window: 800 }),
    calendarWindow({ limit: 6, every: 'minute' }),
  ]
  const step: fc.Arbitrary<Step> = fc.record({
    passes: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 400 }), fc.constant(20_000)),
    key: fc.constantFrom('a', 'b'),
    cost: fc.integer({ min: 0, max: 9 }),
    kind: fc.constantFrom<ChargeKind[]>('take', 'take', 'take', 'take', 'force', 'refund', 'ask'),
    withinMs: fc.constantFrom(0, 0, 0, 300),
  })

  const history: fc.Arbitrary<History> = fc.record({
    algorithm: fc.constantFrom(...algorithms),
    steps: fc.array(step, { maxLength: 60 }),
    maxStale: fc.integer({ min: 1, max: 3000 }),
  })

  /** Does the same to a store without and to one with a deny cache, and hands over what each said. */
  function compare(
    { algorithm, steps, maxStale }: History,
    check: (expected: Told, got: Told) => void,
  ): void {
    const clock = { now: noon }
    const bare = memoryStore({ clock: () => clock.now })
    const store = denyCache(memoryStore({ clock: () => clock.now }), { maxStale, now: () => clock.now })
    for (const { passes, key, cost, kind, withinMs } of steps) {
      clock.now += passes
      const at = kind === 'refund' ? clock.now : 0
      const told = (by: Store<'sync'>): Told => {
        const charge = chargeOf(kind, { slot: by.open('policy', algorithm), key, cost }, 'enforce', at)
        if (kind === 'take' && algorithm.queues) charge.withinMs = withinMs
        return { ruling: by.take([charge]), charge }
      }
      check(told(bare), told(store))
    }
  }

  it('refuses exactly what its store would refuse, and tells no wait that is too long', () => {
    fc.assert(
      fc.property(history, (one) =>
        compare(one, (expected, got) => {
          expect(got.ruling).toMatchObject({ allowed: expected.ruling.allowed, at: expected.ruling.at })
          expect(got.charge.retryAfterMs).toBeLessThanOrEqual(expected.charge.retryAfterMs)
        }),
      ),
      { numRuns: 500 },
    )
  })

  it('tells calls that are alike exactly what its store would tell', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 9 }), (one, cost) => {
        const steps = one.steps.map((each) => ({ ...each, cost, withinMs: 0 }))
        compare({ ...one, steps }, (expected, got) => {
          // What remains is told as it was.
          const { allowed, retryAfterMs, resetMs } = expected.charge
          const isNever = retryAfterMs === Infinity
          expect(got.charge).toMatchObject(
            isNever ? { allowed, retryAfterMs } : { allowed, retryAfterMs, resetMs },
          )
        })
      }),
      { numRuns: 500 },
    )
  })
})
