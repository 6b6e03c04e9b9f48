import type { Algorithm } from '../algorithm.ts'
import { calendarWindow } from '../algorithms/calendar-window.ts'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import type { Charge, Slot, Store } from '../store.ts'
import { memoryStore } from '../stores/memory.ts'
import { answerOf, call, type ChargePart, type OpenStore, same } from './calls.ts'
import { type Random, randomOf } from './random.ts'

export interface LawOptions {
  /** Random histories to try. Default 100. */
  histories?: number
  /** Which histories. Default 1. */
  seed?: number
}

/** A law of stores, tried on random histories by any test runner: it throws where the store breaks it. */
export interface StoreLaw {
  readonly name: string
  run(open: OpenStore, options?: LawOptions): Promise<void>
}

const MOST = Number.MAX_SAFE_INTEGER

/** Algorithms of each kind, the last with the largest figures; those of one kind share the state of a key. */
const KINDS: Record<string, readonly Algorithm[]> = {
  fixedWindow: [
    fixedWindow({ limit: 5, window: 1000 }),
    fixedWindow({ limit: 12, window: 3000, align: 'clock' }),
    fixedWindow({ limit: MOST, window: 1000 }),
  ],
  slidingWindow: [
    slidingWindow({ limit: 5, window: 1000 }),
    slidingWindow({ limit: 12, window: 700 }),
    slidingWindow({ limit: 2 ** 43 + 1, window: 1000 }),
  ],
  slidingWindowStrict: [
    slidingWindow({ limit: 5, window: 1000, strict: true }),
    slidingWindow({ limit: 12, window: 333, strict: true }),
    slidingWindow({ limit: MOST, window: 1000, strict: true }),
  ],
  slidingLog: [slidingLog({ limit: 5, window: 1000 }), slidingLog({ limit: 12, window: 700 })],
  tokenBucket: [
    tokenBucket({ capacity: 5, refill: 7, per: 1000 }),
    tokenBucket({ capacity: 12, refill: 3, per: 700 }),
    tokenBucket({ capacity: 9_007_199_254_740, refill: 999_983, per: 1000 }),
  ],
  calendarWindow: [
    calendarWindow({ limit: 5, every: 'minute' }),
    calendarWindow({ limit: 12, every: 'day', timeZone: 'Asia/Kolkata' }),
    calendarWindow({ limit: 7, every: 'minute', rollover: 0.5 }),
    calendarWindow({ limit: MOST, every: 'minute' }),
  ],
  concurrency: [
    concurrency({ limit: 5, ttl: 1000 }),
    concurrency({ limit: 12, ttl: 700 }),
    concurrency({ limit: MOST, ttl: 1000 }),
  ],
}

/** An answer, and the quota that it is about, which moves where something is carried over. */
const toldOf = (charge: Charge): object => ({
  ...answerOf(charge),
  limit: charge.limit ?? charge.slot.algorithm.limit,
})

/** What stores have to keep whatever happens, each law for each kind of algorithm. */
export const laws: readonly StoreLaw[] = Object.entries(KINDS).flatMap(([kind, algorithms]) => [
  law(`L6: answers exactly as memory does: ${kind}`, algorithms, async (world) => {
    for (let step = 0; step < 20; step++) {
      world.pass()
      const parts = world.random.int(0, 3) === 0 ? [world.part(0), world.part(1)] : [world.part(0)]
      await world.compare(parts)
    }
  }),
  law(`L3: a wait is exact: ${kind}`, algorithms, async (world) => {
    await world.some(6)
    const slot = world.slots[0] as Slot
    const { ruling, charges } = await call(world.store, { slot, cost: 3 })
    const { retryAfterMs = 0 } = charges[0] ?? {}
    if (ruling.allowed || retryAfterMs === Infinity) return
    world.clock.now += retryAfterMs - 1
    same('a millisecond early', (await call(world.store, { slot, cost: 3 })).ruling.allowed, false)
    world.clock.now += 1
    same('in time', (await call(world.store, { slot, cost: 3 })).ruling.allowed, true)
  }),
  law(`L7: remaining is what a take can have: ${kind}`, algorithms, async (world) => {
    await world.some(6)
    const slot = world.slots[0] as Slot
    const { remaining = 0 } = (await call(world.store, { slot, cost: 0 })).charges[0] ?? {}
    same('one more', (await call(world.store, { slot, cost: remaining + 1 })).ruling.allowed, false)
    same('all of it', (await call(world.store, { slot, cost: remaining })).ruling.allowed, true)
  }),
])

/** A store under test beside the memory store, with a clock and policies of one kind of algorithm. */
interface World {
  readonly random: Random
  readonly clock: { now: number }
  readonly store: Store
  readonly slots: readonly Slot[]
  /** Lets some time pass, or some come back. */
  pass(): void
  /** A random charge of the policy of that index. */
  part(policy: number): ChargePart
  /** Makes some random calls. */
  some(calls: number): Promise<void>
  /** Makes one call on both stores. */
  compare(parts: readonly ChargePart[]): Promise<void>
}

function law(
  name: string,
  algorithms: readonly Algorithm[],
  check: (world: World) => Promise<void>,
): StoreLaw {
  return {
    name,
    async run(open, { histories = 100, seed = 1 } = {}) {
      for (let history = 0; history < histories; history++) {
        const world = await worldOf(open, algorithms, randomOf(seed * 1_000_003 + history))
        try {
          await check(world)
        } catch (error) {
          throw new Error(`history ${history} of seed ${seed}`, { cause: error })
        } finally {
          await world.store.close?.()
        }
      }
    },
  }
}

async function worldOf(open: OpenStore, algorithms: readonly Algorithm[], random: Random): Promise<World> {
  const clock = { now: 1_800_000_000_000 + random.int(0, 5000) }
  const store = await open(() => clock.now)
  const memory = memoryStore({ clock: () => clock.now })
  // Two policies; each of them changes its parameters now and then.
  const slotsOf = (of: Store): Slot[] =>
    ['a', 'b'].flatMap((policy) => algorithms.map((algorithm) => of.open(policy, algorithm)))
  const slots = slotsOf(store)
  const twins = new Map(slotsOf(memory).map((twin, index) => [slots[index] as Slot, twin]))
  let lastAt = 0

  // The clock of a history goes on, or steps back before anything is over: what is over may be gone or may still be
  // there, and a clock that then goes back cannot tell. Under other parameters something would be over sooner.
  const goesOn = random.int(0, 1) === 0
  function pass(): void {
    clock.now += goesOn
      ? random.pick([0, 1, random.int(2, 50), random.int(50, 1500), 4000])
      : random.pick([0, 1, random.int(2, 4), -random.int(1, 500), -90_000_000])
  }
  function part(policy: number): ChargePart {
    const variant = goesOn ? random.int(0, algorithms.length - 1) : 0
    const slot = slots[policy * algorithms.length + variant] as Slot
    const kind = random.pick(['take', 'take', 'take', 'ask', 'shadow', 'force', 'refund'] as const)
    return { slot, cost: random.int(0, 8), kind, at: kind === 'refund' ? lastAt : 0 }
  }
  async function compare(parts: readonly ChargePart[]): Promise<void> {
    const got = await call(store, ...parts)
    const expected = await call(
      memory,
      ...parts.map((one) => ({ ...one, slot: twins.get(one.slot) as Slot })),
    )
    same('ruling', got.ruling.allowed, expected.ruling.allowed)
    same('at', got.ruling.at, expected.ruling.at)
    same('answers', got.charges.map(toldOf), expected.charges.map(toldOf))
    if (got.ruling.allowed) lastAt = got.ruling.at
  }
  async function some(calls: number): Promise<void> {
    for (let made = 0; made < calls; made++) {
      pass()
      await compare([part(0)])
    }
  }
  return { random, clock, store, slots, pass, part, some, compare }
}
