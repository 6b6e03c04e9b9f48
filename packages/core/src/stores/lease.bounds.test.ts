import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { calendarWindow } from '../algorithms/calendar-window.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { call } from '../conformance/calls.ts'
import type { Charge, Slot, Store } from '../store.ts'
import { type Admitted, play, type Step, step, stepBack } from '../testing/lease-traffic.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { lease } from './lease.ts'
import { memoryStore } from './memory.ts'

/** What an algorithm admits at the most from one instant to another T milliseconds later, both counted. */
type Bound = (T: number) => number

/** Every window that the two instants touch may be full. */
const windows =
  (limit: number, ms: number): Bound =>
  (T) =>
    limit * (Math.floor(T / ms) + 2)

/** Never more than the limit in any `ms` milliseconds. */
const trailing =
  (limit: number, ms: number): Bound =>
  (T) =>
    limit * Math.ceil((T + 1) / ms)

/** Policies, each with the bound that it has without leases. */
const WINDOWS: readonly (readonly [name: string, Algorithm, Bound])[] = [
  ['fixedWindow', fixedWindow({ limit: 60, window: 900 }), windows(60, 900)],
  ['fixedWindow of the clock', fixedWindow({ limit: 60, window: 700, align: 'clock' }), windows(60, 700)],
  ['calendarWindow', calendarWindow({ limit: 100, every: 'minute' }), windows(100, 60_000)],
]
const POLICIES: typeof WINDOWS = [
  ...WINDOWS,
  ['tokenBucket', tokenBucket({ capacity: 40, refill: 30, per: '1s' }), (T) => 40 + (T * 30) / 1000],
  ['slidingWindow', slidingWindow({ limit: 60, window: 800 }), windows(60, 800)],
  ['slidingWindow, strict', slidingWindow({ limit: 60, window: 800, strict: true }), trailing(60, 800)],
  ['slidingLog', slidingLog({ limit: 60, window: 800 }), trailing(60, 800)],
]

/** What a bound is exceeded by at the worst, from any admission of a key to any later one. */
function excess(admitted: readonly Admitted[], bound: Bound): number {
  let worst = -Infinity
  for (const key of ['a', 'b']) {
    const ofKey = admitted.filter((one) => one.key === key).toSorted((one, other) => one.atMs - other.atMs)
    for (const [index, first] of ofKey.entries()) {
      let sum = 0
      for (const { cost, atMs } of ofKey.slice(index)) {
        sum += cost
        worst = Math.max(worst, sum - bound(atMs - first.atMs))
      }
    }
  }
  return worst
}

const total = (admitted: readonly Admitted[], key: string): number =>
  admitted.reduce((sum, one) => sum + (one.key === key ? one.cost : 0), 0)

const size = 12
const holds = fc.constantFrom(20, 150, 1000)
const traffic = (one = step): fc.Arbitrary<Step[]> => fc.array(one, { minLength: 20, maxLength: 60 })

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('what several processes admit from leases of a key', () => {
  it.each(POLICIES)(
    'of a %s is in any T what the policy admits in T + maxHold',
    async (_, algorithm, bound) => {
      await fc.assert(
        fc.asyncProperty(traffic(fc.oneof(step, stepBack)), holds, async (steps, maxHold) => {
          const { admitted, timers } = await play(algorithm, steps, { size, maxHold })
          expect(excess(admitted, (T) => bound(T + maxHold))).toBeLessThanOrEqual(0)
          expect(timers).toBe(0)
        }),
        { numRuns: 60 },
      )
    },
  )

  it.each(WINDOWS)('of a %s is no more than without leases', async (_, algorithm, bound) => {
    await fc.assert(
      fc.asyncProperty(traffic(), holds, async (steps, maxHold) => {
        const { admitted } = await play(algorithm, steps, { size, maxHold })
        const kept = admitted.filter(({ cost }) => cost > 0)
        const perWindow = new Map<string, number>()
        for (const { key, cost, windowEnd } of kept) {
          const window = `${key} ${windowEnd}`
          perWindow.set(window, (perWindow.get(window) ?? 0) + cost)
        }
        expect(Math.max(0, ...perWindow.values())).toBeLessThanOrEqual(algorithm.limit)
        // Where nothing was spent after its window, some window ran at each instant.
        expect(kept.every(({ windowEnd }) => windowEnd > 0)).toBe(true)
        expect(excess(admitted, bound)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 60 },
    )
  })
})

describe('what is charged and never spent', () => {
  const slow = fc.constantFrom<Algorithm>(
    fixedWindow({ limit: 700, window: '1h' }),
    slidingLog({ limit: 700, window: '1h' }),
    slidingWindow({ limit: 700, window: '1h', strict: true }),
  )

  it('is nothing once `maxHold` has passed', async () => {
    await fc.assert(
      fc.asyncProperty(slow, traffic(), holds, async (algorithm, steps, maxHold) => {
        const { admitted, used } = await play(algorithm, steps, { size, maxHold })
        for (const key of ['a', 'b']) expect([key, used(key)]).toEqual([key, total(admitted, key)])
      }),
      { numRuns: 150 },
    )
  })

  it('is a block for each process that died, at the most, and what it asked for just then', async () => {
    const dead = fc.subarray([0, 1, 2], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(slow, traffic(), holds, dead, async (algorithm, steps, maxHold, dies) => {
        const { admitted, used, lost } = await play(algorithm, steps, { size, maxHold, dies })
        for (const key of ['a', 'b']) {
          const stranded = used(key) - total(admitted, key)
          expect(stranded).toBeGreaterThanOrEqual(0)
          expect(stranded).toBeLessThanOrEqual(dies.length * (size - 1) + lost)
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('what a lease saves', () => {
  it('is all but one in fifty calls of the store, with blocks of a hundred', async () => {
    const time = virtualTime()
    vi.stubGlobal('setTimeout', time.setTimeout)
    vi.stubGlobal('clearTimeout', time.clearTimeout)
    const memory = memoryStore({ clock: () => 1_000_000 + time.now })
    let asked = 0
    const remote: Store<'async'> = {
      mode: 'async',
      open: memory.open,
      async take(charges) {
        asked++
        await time.sleep(1)
        return memory.take(charges)
      },
      forget: async (slot, key) => memory.forget(slot, key),
    }
    const algorithm = fixedWindow({ limit: 1_000_000, window: '1h' })
    let admitted = 0
    async function caller(store: Store, slot: Slot): Promise<void> {
      for (let made = 0; made < 100; made++) if ((await call(store, { slot })).ruling.allowed) admitted++
    }
    const stores = Array.from({ length: 8 }, () => lease(remote, { size: 100, now: () => time.now }))
    const callers = stores.flatMap((store) => {
      const slot = store.open('policy', algorithm)
      return Array.from({ length: 64 }, () => caller(store, slot))
    })
    await time.pass(500)
    await Promise.all(callers)
    const back = stores.map((store) => Promise.resolve(store.giveBack?.()))
    await time.pass(5)
    await Promise.all(back)
    expect(admitted).toBe(8 * 64 * 100)
    expect(asked).toBeLessThanOrEqual(admitted / 50)
    const left = await call(memory, { slot: memory.open('policy', algorithm), cost: 0 })
    expect(1_000_000 - (left.charges[0] as Charge).remaining).toBe(admitted)
  })
})
