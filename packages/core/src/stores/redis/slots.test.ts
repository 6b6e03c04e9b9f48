import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { slidingLog } from '../../algorithms/sliding-log.ts'
import { tokenBucket } from '../../algorithms/token-bucket.ts'
import { answerOf, call, type ChargePart } from '../../conformance/calls.ts'
import { randomOf } from '../../conformance/random.ts'
import type { Slot, Store } from '../../store.ts'
import { clusterSetups, storesOn } from '../../testing/redis-stores.ts'
import { memoryStore } from '../memory.ts'
import { slotOf } from './keys.ts'

const algorithms = [
  slidingLog({ limit: 5, window: 1000 }),
  tokenBucket({ capacity: 6, refill: 5, per: 1000 }),
  fixedWindow({ limit: 8, window: 3000 }),
]
const noon = Date.UTC(2026, 5, 1, 12)

/** Keys of three masters. */
const keys = ['a', 'b', 'c']

for (const setup of clusterSetups) {
  describe(`policies in several slots of ${setup.name}`, () => {
    const open = storesOn(setup)

    it('are on several masters', () => {
      expect(new Set(keys.map((key) => Math.floor(slotOf(`{${key}}`) / (16_384 / 3)))).size).toBe(3)
    })

    it('give back what they charged where one of them refuses', async () => {
      const clock = { now: noon }
      const store = open(() => clock.now)
      const slots = algorithms.map((algorithm, index) => store.open(`policy ${index}`, algorithm))
      const parts = slots.map((slot, index) => ({ slot, key: keys[index] as string }))
      expect(store.atomic).toBe(false)
      for (let take = 0; take < 5; take++) {
        expect((await call(store, ...parts)).ruling.allowed).toBe(true)
      }
      const refused = await call(store, ...parts)
      expect(refused.ruling.allowed).toBe(false)
      expect(refused.charges.map(answerOf)).toEqual([
        { allowed: false, remaining: 0, retryAfterMs: 1000, resetMs: 1000 },
        { allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 1000 },
        { allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 3000 },
      ])
      for (let take = 0; take < 10; take++) await call(store, ...parts)
      const left = await call(store, ...parts.map((part) => ({ ...part, cost: 0 })))
      expect(left.charges.map(({ remaining }) => remaining)).toEqual([0, 1, 3])
    })

    it('answer as one would that decides them at one instant', async () => {
      for (let history = 0; history < 40; history++) {
        const random = randomOf(history)
        const clock = { now: noon + random.int(0, 5000) }
        const store = open(() => clock.now)
        const memory = memoryStore({ clock: () => clock.now })
        const slotsOf = (of: Store): Slot[] =>
          algorithms.map((algorithm, index) => of.open(`policy ${index}`, algorithm))
        const [slots, twins] = [slotsOf(store), slotsOf(memory)]
        let at = 0
        for (let step = 0; step < 15; step++) {
          clock.now += random.pick([0, 1, random.int(2, 50), random.int(50, 1500)])
          const chosen = [0, 1, 2].filter(() => random.int(0, 3) > 0)
          const kind = random.pick(['take', 'take', 'take', 'ask', 'shadow', 'force', 'refund'] as const)
          const asked = chosen.map((index) => ({
            index,
            part: {
              key: keys[index] as string,
              cost: random.int(0, 5),
              kind,
              at: kind === 'refund' ? at : 0,
            },
          }))
          const on = (of: readonly Slot[]): ChargePart[] =>
            asked.map(({ index, part }) => ({ slot: of[index] as Slot, ...part }))
          const got = await call(store, ...on(slots))
          const expected = await call(memory, ...on(twins))
          expect(got.ruling.allowed).toBe(expected.ruling.allowed)
          expect(got.charges.map(answerOf)).toEqual(expected.charges.map(answerOf))
          if (got.ruling.allowed) at = got.ruling.at
        }
      }
    })
  })
}
