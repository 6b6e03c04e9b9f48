import {
  type Algorithm,
  type Charge,
  concurrency,
  fixedWindow,
  memoryStore,
  slidingLog,
  slidingWindow,
  type Store,
  tokenBucket,
} from '../../src/index.ts'
import type { SoakWorld } from './world.ts'

const algorithms: readonly Algorithm[] = [
  fixedWindow({ limit: 9, window: '10s' }),
  slidingWindow({ limit: 9, window: '10s' }),
  slidingWindow({ limit: 9, window: '10s', strict: true }),
  slidingLog({ limit: 9, window: '10s' }),
  tokenBucket({ capacity: 9, refill: 7, per: '10s' }),
  concurrency({ limit: 9, ttl: '10s' }),
]

/** How many calls of each algorithm are compared on each store. */
const CALLS = 40

/** Compares random decisions of each store with those of the memory store; nothing is wrong with the servers. */
export async function drift(world: SoakWorld): Promise<{ compared: number; differences: string[] }> {
  const { random, soaked } = world
  const differences: string[] = []
  let compared = 0
  for (const { name, open } of soaked) {
    for (const algorithm of algorithms) {
      const clock = { now: 1_800_000_000_000 + random.int(0, 1e6) }
      const stores: Store[] = [open(() => clock.now), memoryStore({ clock: () => clock.now })]
      let at = 0
      for (let call = 0; call < CALLS; call++) {
        clock.now += random.pick([0, 1, random.int(2, 500), random.int(500, 3000)])
        const kind = random.pick(['take', 'take', 'take', 'ask', 'force', 'shadow', 'refund'] as const)
        const cost = random.int(0, 5)
        const answers = []
        for (const store of stores) {
          const slot = store.open('policy', algorithm)
          const charge: Charge = {
            slot,
            key: 'key',
            cost,
            kind,
            at: kind === 'refund' ? at : 0,
            upTo: 0,
            withinMs: 0,
            from: 'store',
            allowed: false,
            remaining: 0,
            retryAfterMs: 0,
            resetMs: 0,
          }
          const ruling = await store.take([charge])
          const { allowed, remaining, retryAfterMs, resetMs } = charge
          answers.push([ruling.allowed, ruling.at, allowed, remaining, retryAfterMs, resetMs].join())
        }
        at = clock.now
        compared++
        if (answers[0] !== answers[1])
          differences.push(
            `${name}, ${algorithm.kind}, ${kind} ${cost}: ${answers[0]} but memory ${answers[1]}`,
          )
      }
    }
  }
  return { compared, differences }
}
