import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { oneKey } from '../testing/one-key.ts'
import { calendarWindow } from './calendar-window.ts'
import { concurrency } from './concurrency.ts'
import { fixedWindow } from './fixed-window.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)

/** Algorithms whose keys can be adopted from one another. */
const families: [kind: string, algorithms: readonly Algorithm[]][] = [
  [
    'fixedWindow',
    [
      fixedWindow({ limit: 5, window: '1m' }),
      fixedWindow({ limit: 9, window: '1m', align: 'clock' }),
      fixedWindow({ limit: 5, window: '90s', align: 'clock' }),
    ],
  ],
  ['slidingWindow', [slidingWindow({ limit: 5, window: '1m' }), slidingWindow({ limit: 9, window: '90s' })]],
  [
    'slidingWindowStrict',
    [
      slidingWindow({ limit: 5, window: '1m', strict: true }),
      slidingWindow({ limit: 9, window: '95001ms', strict: true }),
    ],
  ],
  ['slidingLog', [slidingLog({ limit: 5, window: '1m' }), slidingLog({ limit: 9, window: '90s' })]],
  [
    'tokenBucket',
    [
      tokenBucket({ capacity: 5, refill: 3, per: '1m' }),
      tokenBucket({ capacity: 9, refill: 7, per: '1m' }),
      tokenBucket({ capacity: 9, refill: 1, per: '7s' }),
    ],
  ],
  [
    'calendarWindow',
    [
      calendarWindow({ limit: 5, every: 'minute' }),
      calendarWindow({ limit: 9, every: 'hour' }),
      calendarWindow({ limit: 9, every: 'hour', timeZone: 'Asia/Kathmandu' }),
      calendarWindow({ limit: 6, every: 'minute', rollover: 0.5 }),
    ],
  ],
  ['concurrency', [concurrency({ limit: 5, ttl: '1m' }), concurrency({ limit: 9, ttl: '90s' })]],
]

describe.each(families)('a %s that goes from parameters to parameters and back in time', (_, algorithms) => {
  const times = fc.oneof(
    fc.constantFrom(0, 1, -1, 60_000, -60_000, -60_001, 90_000, -90_001),
    fc.integer({ min: -200_000, max: 200_000 }),
  )
  const calls = fc.array(
    fc.record({
      after: times,
      by: fc.constantFrom(...algorithms),
      cost: fc.integer({ min: 1, max: 10 }),
      back: fc.boolean(),
    }),
    { maxLength: 12 },
  )

  it('says that it was changed exactly when it was', () => {
    fc.assert(
      fc.property(calls, (some) => {
        let key = oneKey(algorithms[0] as Algorithm)
        let now = noon
        for (const { after, by, cost, back } of some) {
          key = key.under(by)
          // The key checks what it says.
          const { allowed } = key.take((now += after), cost)
          // Once is enough: a wait that was told comes true.
          expect(key.text() !== '' && by.adopt(by.decode(key.text()), now)).toBe(false)
          if (allowed && back) key.refund(now, cost, now)
        }
      }),
    )
  })

  it('is given back to, and kept, by what its state says, whoever is asked', () => {
    const age = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(fc.constantFrom(...algorithms), age, age, (by, second, late) => {
        const charged = oneKey(by)
        charged.take(noon)
        charged.take(noon + second, 4)
        const now = noon + second + late
        for (const at of [noon, noon + second]) {
          const after = algorithms.map((other) => {
            const key = oneKey(other, other.decode(charged.text()))
            key.refund(now, 2, at)
            return [key.text(), key.ttlMs(now)]
          })
          expect(after).toEqual(after.map(() => after[0]))
        }
      }),
    )
  })
})
