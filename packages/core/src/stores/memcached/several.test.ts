import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memcachedOfRun } from '../../../../../scripts/servers/of-run.ts'
import { until } from '../../../../../scripts/servers/until.ts'
import type { Algorithm } from '../../algorithm.ts'
import { call } from '../../conformance/calls.ts'
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
import { memcachedStore, type MemcachedPort } from './index.ts'
import { npmPort } from './npm-client.ts'

const algorithms: Record<string, Algorithm> = {
  fixedWindow: fixedWindow({ limit: 100, window: '1h' }),
  calendarWindow: calendarWindow({ limit: 100, every: 'year' }),
  slidingWindow: slidingWindow({ limit: 100, window: '1h' }),
  'slidingWindow, strict': slidingWindow({ limit: 100, window: '1h', strict: true }),
  slidingLog: slidingLog({ limit: 100, window: '1h' }),
  tokenBucket: tokenBucket({ capacity: 100, refill: 1, per: '1s' }),
  concurrency: concurrency({ limit: 100, ttl: '1h' }),
}

const one = fixedWindow({ limit: 1, window: '1h' })

describe('a call with several keys', () => {
  let client: ReturnType<typeof newClient>
  beforeAll(async () => {
    client = newClient((await memcachedOfRun()).address)
  })
  afterAll(() => client.end())

  /**
   * A store of which something happens before the key of policy `b` is written for the first time, and another
   * beside it.
   */
  function meddled(meddle: (other: Store<'async'>) => Promise<unknown>): [Store<'async'>, Store<'async'>] {
    const prefix = newPrefix()
    const now = Date.now()
    const port = npmPort(client, 5000)
    const other = memcachedStore(port, { prefix, timeout: '5s', clock: () => now })
    let meddling: Promise<unknown> | undefined
    const before = async (key: string): Promise<void> => {
      if (key.startsWith(`${prefix}:b:`) && !meddling) await (meddling = meddle(other))
    }
    const wrapped: MemcachedPort = {
      ...port,
      add: (key, ...rest) => before(key).then(() => port.add(key, ...rest)),
      cas: (key, ...rest) => before(key).then(() => port.cas(key, ...rest)),
    }
    return [memcachedStore(wrapped, { prefix, timeout: '200ms', clock: () => now }), other]
  }

  it.each(Object.entries(algorithms))(
    'that one key refuses at last gives back exactly what the others were charged: %s',
    async (_, algorithm) => {
      const [store, other] = meddled((meddler) => call(meddler, { slot: meddler.open('b', one) }))
      const slot = store.open('a', algorithm)
      const first = await call(store, { slot, cost: 3 })
      const { ruling, charges } = await call(
        store,
        { slot, cost: 5, upTo: 10 },
        { slot: store.open('b', one) },
        { slot: store.open('c', algorithm), cost: 2 },
      )
      expect(ruling).toEqual({ allowed: false, at: first.ruling.at, source: 'store' })
      expect(charges.map(({ allowed, remaining, cost }) => [allowed, remaining, cost])).toEqual([
        [true, 97, 5],
        [false, 0, 1],
        [true, 100, 2],
      ])
      const seen = await call(other, { slot: other.open('a', algorithm), cost: 0 })
      expect(seen.charges[0]?.remaining).toBe(97)
      expect((await call(other, { slot: other.open('c', algorithm), cost: 0 })).charges[0]?.remaining).toBe(
        100,
      )
    },
  )

  it('that was beaten and still fits is made, once', async () => {
    const two = slidingLog({ limit: 2, window: '1h' })
    const [store] = meddled((meddler) => call(meddler, { slot: meddler.open('b', two) }))
    const parts = ['a', 'b', 'c'].map((name) => ({ slot: store.open(name, two) }))
    const { ruling, charges } = await call(store, ...parts)
    expect(ruling.allowed).toBe(true)
    expect(charges.map(({ remaining }) => remaining)).toEqual([1, 0, 1])
  })

  it('that fails at one key gives back the others, also when nobody waits any more', async () => {
    for (const fail of [() => Promise.reject(new Error('reset')), () => new Promise(() => undefined)]) {
      const [store, other] = meddled(fail)
      const slot = store.open('a', slidingLog({ limit: 10, window: '1h' }))
      await expect(call(store, { slot, cost: 4 }, { slot: store.open('b', one) })).rejects.toHaveProperty(
        'name',
        'StoreError',
      )
      const slotOfOther = other.open('a', slidingLog({ limit: 10, window: '1h' }))
      await until(
        'it is back',
        async () => (await call(other, { slot: slotOfOther, cost: 0 })).charges[0]?.remaining === 10,
      )
    }
  })

  it('that takes too long altogether gives back all', async () => {
    const prefix = newPrefix()
    const port = npmPort(client, 5000)
    const slow: MemcachedPort = {
      ...port,
      add: async (...item) => {
        await sleep(300)
        return port.add(...item)
      },
    }
    const store = memcachedStore(slow, { prefix, timeout: '500ms' })
    const slots = ['a', 'b'].map((name) => store.open(name, slidingLog({ limit: 10, window: '1h' })))
    const called = call(store, ...slots.map((slot) => ({ slot, cost: 4 })))
    await expect(called).rejects.toHaveProperty('code', 'timeout')
    const left = async (slot: Slot): Promise<number | undefined> =>
      (await call(store, { slot, cost: 0 })).charges[0]?.remaining
    await sleep(200)
    await until('it is back', async () => (await Promise.all(slots.map(left))).every((count) => count === 10))
  })

  it('moves slots that are held, all or those that there are', async () => {
    const [store] = meddled(async () => undefined)
    const slots = ['a', 'b'].map((name) => store.open(name, concurrency({ limit: 1, ttl: '10s' })))
    const { ruling } = await call(store, ...slots.map((slot) => ({ slot })))
    const moves = slots.flatMap((slot) => [
      { slot, kind: 'refund' as const, at: ruling.at },
      { slot, kind: 'force' as const },
    ])
    const moved = await call(store, ...moves)
    expect(moved.ruling.allowed).toBe(true)
    for (const slot of slots) expect((await call(store, { slot })).ruling.allowed).toBe(false)
    await call(store, ...slots.map((slot) => ({ slot, kind: 'refund' as const, at: moved.ruling.at })))
    for (const slot of slots) expect((await call(store, { slot })).ruling.allowed).toBe(true)
  })

  it('refunds even where the rest is refused', async () => {
    const [store] = meddled(async () => undefined)
    const slot = store.open('a', slidingLog({ limit: 10, window: '1h' }))
    const full = store.open('b', one)
    const { ruling } = await call(store, { slot, cost: 6 }, { slot: full })
    const refused = await call(store, { slot, cost: 6, kind: 'refund', at: ruling.at }, { slot: full })
    expect(refused.ruling.allowed).toBe(false)
    expect((await call(store, { slot, cost: 0 })).charges[0]?.remaining).toBe(10)
  })
})
