import { afterAll, beforeAll, describe, it } from 'vitest'
import { memcachedOfRun } from '../../../../../scripts/servers/of-run.ts'
import type { Algorithm } from '../../algorithm.ts'
import {
  calendarWindow,
  concurrency,
  fixedWindow,
  slidingLog,
  slidingWindow,
  tokenBucket,
} from '../../index.ts'
import { answerOf, call, type ChargePart, same } from '../../conformance/calls.ts'
import { randomOf } from '../../conformance/random.ts'
import { newClient } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import type { ChargeKind, Slot } from '../../store.ts'
import { memoryStore } from '../memory.ts'
import { memcachedStore } from './index.ts'

const MOST = Number.MAX_SAFE_INTEGER

/** Algorithms of each kind under which the same keys are charged, by turns. */
const families: Record<string, readonly Algorithm[]> = {
  fixedWindow: [
    fixedWindow({ limit: 50, window: 5000 }),
    fixedWindow({ limit: 80, window: 5000 }),
    fixedWindow({ limit: 60, window: 7000, align: 'clock' }),
    fixedWindow({ limit: MOST, window: 5000 }),
  ],
  slidingWindow: [
    slidingWindow({ limit: 20, window: 1000 }),
    slidingWindow({ limit: 30, window: 700 }),
    slidingWindow({ limit: MOST, window: 1000 }),
  ],
  slidingWindowStrict: [
    slidingWindow({ limit: 20, window: 1000, strict: true }),
    slidingWindow({ limit: 30, window: 333, strict: true }),
  ],
  slidingLog: [slidingLog({ limit: 20, window: 1000 }), slidingLog({ limit: 30, window: 700 })],
  tokenBucket: [
    tokenBucket({ capacity: 20, refill: 7, per: 1000 }),
    tokenBucket({ capacity: 30, refill: 3, per: 700 }),
    tokenBucket({ capacity: 9_007_199_254, refill: 999_999, per: 1_000_000 }),
  ],
  calendarWindow: [
    calendarWindow({ limit: 50, every: 'minute' }),
    calendarWindow({ limit: 80, every: 'day', timeZone: 'Asia/Kolkata' }),
  ],
  concurrency: [concurrency({ limit: 20, ttl: 1000 }), concurrency({ limit: 30, ttl: 700 })],
}

const HISTORIES = 40
const STEPS = 100

describe('decision by decision two stores on Memcached that take turns answer as one in memory does', () => {
  let client: ReturnType<typeof newClient>
  beforeAll(async () => {
    client = newClient((await memcachedOfRun()).address)
  })
  afterAll(() => client.end())

  it.each(Object.entries(families))('%s', async (_, algorithms) => {
    for (let history = 0; history < HISTORIES; history++) {
      const random = randomOf(history + 1)
      const clock = { now: 1_800_000_000_000 + random.int(0, 5000) }
      const options = { clock: () => clock.now, prefix: newPrefix(), timeout: '5s' } as const
      const memory = memoryStore({ clock: options.clock })
      const stores = [memcachedStore(client, options), memcachedStore(client, options)]
      const slots = new Map(
        [memory, ...stores].map((store) => [
          store,
          ['a', 'b'].flatMap((name) => algorithms.map((algorithm) => store.open(name, algorithm))),
        ]),
      )
      const goesOn = random.int(0, 1) === 0
      // Many units one by one make a window a counter; whatever else happens has to leave it as true.
      const isHot = history % 2 === 0
      const often = <T>(usual: T, others: readonly T[]): T =>
        random.int(0, isHot ? 19 : 2) === 0 ? random.pick(others) : usual
      let algorithm = 0
      let at = 0

      for (let step = 0; step < STEPS; step++) {
        clock.now += goesOn
          ? often(0, [1, random.int(2, 50), random.int(50, 700), 2500])
          : often(0, [1, 2, -random.int(1, 500), -90_000_000])
        if (random.int(0, 19) === 0) algorithm = random.int(0, algorithms.length - 1)
        const charges = [0, 1].slice(0, often(1, [2])).map((policy) => {
          const kind = often<ChargeKind>('take', ['ask', 'shadow', 'force', 'refund'])
          const cost = often(1, [0, 2, 8, random.int(0, 40)])
          const index = policy * algorithms.length + algorithm
          return { index, part: { kind, cost, at: kind === 'refund' ? at : 0, upTo: often(0, [9]) } }
        })
        const partsOf = (store: typeof memory | (typeof stores)[number]): ChargePart[] =>
          charges.map(({ index, part }) => ({ ...part, slot: slots.get(store)?.[index] as Slot }))
        const store = random.pick(stores)
        const got = await call(store, ...partsOf(store))
        const expected = await call(memory, ...partsOf(memory))
        const told = ({ ruling, charges: answers }: typeof got): unknown => [
          ruling,
          answers.map(answerOf),
          answers.map(({ cost }) => cost),
        ]
        same(`history ${history}, step ${step}`, told(got), told(expected))
        if (got.ruling.allowed) at = got.ruling.at
      }
    }
  })
})
