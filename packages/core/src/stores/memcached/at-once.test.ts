import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemcachedServer, startMemcached } from '../../../../../scripts/servers/memcached.ts'
import { growth, memcachedStats } from '../../../../../scripts/servers/stats.ts'
import type { Algorithm } from '../../algorithm.ts'
import { call, type ChargePart } from '../../conformance/calls.ts'
import {
  calendarWindow,
  concurrency,
  fixedWindow,
  slidingLog,
  slidingWindow,
  tokenBucket,
} from '../../index.ts'
import { newClient } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import type { Slot, Store } from '../../store.ts'
import { memcachedStore } from './index.ts'

const LIMIT = 100

const algorithms: Record<string, Algorithm> = {
  fixedWindow: fixedWindow({ limit: LIMIT, window: '1h' }),
  'fixedWindow by the clock': fixedWindow({ limit: LIMIT, window: '10m', align: 'clock' }),
  calendarWindow: calendarWindow({ limit: LIMIT, every: 'year' }),
  slidingWindow: slidingWindow({ limit: LIMIT, window: '1h' }),
  'slidingWindow, strict': slidingWindow({ limit: LIMIT, window: '1h', strict: true }),
  slidingLog: slidingLog({ limit: LIMIT, window: '1h' }),
  tokenBucket: tokenBucket({ capacity: LIMIT, refill: 1, per: '1h' }),
  concurrency: concurrency({ limit: LIMIT, ttl: '1h' }),
}

describe('calls at once', () => {
  let server: MemcachedServer
  const clients: ReturnType<typeof newClient>[] = []
  beforeAll(async () => {
    server = await startMemcached()
    for (let index = 0; index < 16; index++) clients.push(newClient(server.address))
  })
  afterAll(async () => {
    for (const client of clients) client.end()
    await server.stop()
  })

  /** Stores of as many processes would have, on the same keys. */
  function storesOf(howMany: number): Store<'async'>[] {
    const prefix = newPrefix()
    // Time stands still: no window ends in the middle, and no bucket drains.
    const now = Date.now()
    return clients
      .slice(0, howMany)
      .map((client) => memcachedStore(client, { prefix, timeout: '10s', clock: () => now }))
  }

  async function allowedOf(calls: readonly Promise<{ ruling: { allowed: boolean } }>[]): Promise<number> {
    return (await Promise.all(calls)).filter(({ ruling }) => ruling.allowed).length
  }

  it.each(Object.entries(algorithms))('are admitted up to exactly the limit: %s', async (_, algorithm) => {
    const stores = storesOf(8)
    const slots = stores.map((store) => store.open('policy', algorithm))
    const calls = Array.from({ length: 8 * 64 }, (__, index) =>
      call(stores[index % 8] as Store, { slot: slots[index % 8] as Slot }),
    )
    expect(await allowedOf(calls)).toBe(LIMIT)
    const { charges } = await call(stores[0] as Store, { slot: slots[0] as Slot, cost: 0 })
    expect(charges[0]?.remaining).toBe(0)
  })

  it.each(Object.entries(algorithms))(
    'come in waves, and are admitted up to exactly the limit: %s',
    async (_, algorithm) => {
      const stores = storesOf(8)
      const slots = stores.map((store) => store.open('policy', algorithm))
      let allowed = 0
      // One after the other in each store, so that windows become counters before the limit is reached.
      await Promise.all(
        stores.map(async (store, index) => {
          for (let turn = 0; turn < 30; turn++)
            if ((await call(store, { slot: slots[index] as Slot })).ruling.allowed) allowed++
        }),
      )
      expect(allowed).toBe(LIMIT)
    },
  )

  it.each(Object.entries(algorithms))('lose and double no count: %s', async (_, { kind }) => {
    const wide = Object.values(widened).find((algorithm) => algorithm.kind === kind) as Algorithm
    const stores = storesOf(16)
    let admitted = 0
    await Promise.all(
      stores.map(async (store, index) => {
        const slot = store.open('policy', wide)
        for (let turn = 0; turn < 20; turn++) {
          const cost = 1 + ((turn + index) % 3)
          const { ruling, charges } = await call(store, { slot, cost: turn % 2 ? 1 : cost })
          admitted += charges[0]?.cost ?? 0
          if (turn % 5 > 0) continue
          await call(store, { slot, cost: charges[0]?.cost ?? 0, kind: 'refund', at: ruling.at })
          admitted -= charges[0]?.cost ?? 0
        }
      }),
    )
    const [store] = stores as [Store]
    const { charges } = await call(store, { slot: store.open('policy', wide), cost: 0 })
    expect(wide.limit - (charges[0]?.remaining ?? 0)).toBe(admitted)
  })

  it('of several policies are admitted up to exactly the smaller limit', async () => {
    for (const [large, small] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const stores = storesOf(8)
      const calls = Array.from({ length: 8 * 32 }, (_, index) => {
        const store = stores[index % 8] as Store
        const parts: ChargePart[] = [
          { slot: store.open(large, fixedWindow({ limit: 60, window: '1h' })) },
          { slot: store.open(small, slidingLog({ limit: 40, window: '1h' })) },
        ]
        return call(store, ...parts)
      })
      expect(await allowedOf(calls)).toBe(40)
      const [store] = stores as [Store]
      const { charges } = await call(
        store,
        { slot: store.open(large, fixedWindow({ limit: 60, window: '1h' })), cost: 0 },
        { slot: store.open(small, slidingLog({ limit: 40, window: '1h' })), cost: 0 },
      )
      // What a call was refused by one of them is back at the other.
      expect(charges.map(({ remaining }) => remaining)).toEqual([20, 0])
    }
  })

  describe('cost few round trips', () => {
    /** What the server was asked meanwhile. */
    async function trips(run: () => Promise<unknown>): Promise<Record<string, number>> {
      const before = await memcachedStats(server.address)
      await run()
      const grown = growth(before, await memcachedStats(server.address))
      const { cmd_get = 0, cmd_set = 0, incr_hits = 0, incr_misses = 0 } = grown
      return { gets: cmd_get, swaps: cmd_set, counts: incr_hits + incr_misses }
    }

    it('where many in one process want the same key', async () => {
      const [store] = storesOf(1) as [Store]
      const slot = store.open('policy', slidingWindow({ limit: 1000, window: '1h' }))
      const together = (): Promise<unknown> =>
        Promise.all(Array.from({ length: 64 }, () => call(store, { slot })))
      expect(await trips(together)).toEqual({ gets: 1, swaps: 1, counts: 0 })
    })

    it('two for a take, and one for a refusal or a peek', async () => {
      const [store] = storesOf(1) as [Store]
      const slot = store.open('policy', tokenBucket({ capacity: 1, refill: 1, per: '1h' }))
      expect(await trips(() => call(store, { slot }))).toEqual({ gets: 1, swaps: 1, counts: 0 })
      expect(await trips(() => call(store, { slot }))).toEqual({ gets: 1, swaps: 0, counts: 0 })
      expect(await trips(() => call(store, { slot, cost: 0 }))).toEqual({ gets: 1, swaps: 0, counts: 0 })
    })

    it('two for each key of a take, one for each key of a refusal', async () => {
      const [store] = storesOf(1) as [Store]
      const parts = ['a', 'b', 'c'].map((name) => ({
        slot: store.open(name, slidingLog({ limit: 1, window: '1h' })),
      }))
      expect(await trips(() => call(store, ...parts))).toEqual({ gets: 3, swaps: 3, counts: 0 })
      expect(await trips(() => call(store, ...parts))).toEqual({ gets: 3, swaps: 0, counts: 0 })
    })

    it.each([fixedWindow({ limit: 1000, window: '1h' }), calendarWindow({ limit: 1000, every: 'year' })])(
      'one where a window is hot: $kind',
      async (algorithm) => {
        const [one, other] = storesOf(2) as [Store, Store]
        const slot = one.open('policy', algorithm)
        for (let warm = 0; warm < 3; warm++) await call(one, { slot })
        const hundred = async (): Promise<void> => {
          for (let turn = 0; turn < 100; turn++) await call(one, { slot })
        }
        expect(await trips(hundred)).toEqual({ gets: 0, swaps: 0, counts: 100 })
        // Another process reads it once, with what explains it, and counts from then on too.
        const slotOfOther = other.open('policy', algorithm)
        expect(await trips(() => call(other, { slot: slotOfOther }))).toEqual({
          gets: 2,
          swaps: 1,
          counts: 0,
        })
        expect(await trips(() => call(other, { slot: slotOfOther }))).toEqual({
          gets: 0,
          swaps: 0,
          counts: 1,
        })
        const { charges } = await call(other, { slot: slotOfOther, cost: 0 })
        expect(charges[0]?.remaining).toBe(1000 - 105)
        // Nothing is counted that is known not to fit.
        await call(one, { slot, cost: 1000 - 105 })
        expect(await trips(() => call(one, { slot }))).toEqual({ gets: 1, swaps: 0, counts: 0 })
      },
    )
  })
})

const widened: Record<string, Algorithm> = {
  fixedWindow: fixedWindow({ limit: 1_000_000, window: '1h' }),
  calendarWindow: calendarWindow({ limit: 1_000_000, every: 'year' }),
  slidingWindow: slidingWindow({ limit: 1_000_000, window: '1h' }),
  strict: slidingWindow({ limit: 1_000_000, window: '1h', strict: true }),
  slidingLog: slidingLog({ limit: 20_000, window: '1h' }),
  tokenBucket: tokenBucket({ capacity: 1_000_000, refill: 1, per: '1h' }),
  concurrency: concurrency({ limit: 1_000_000, ttl: '1h' }),
}
