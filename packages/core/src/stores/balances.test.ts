/** What wraps a store keeps balances safe: nothing stands in for them, and nothing holds a part of them. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { prepaid } from '../algorithms/prepaid.ts'
import { call } from '../conformance/calls.ts'
import { createLimiter } from '../limiter.ts'
import type { Limiter } from '../limiter-types.ts'
import { StoreError } from '../store-error.ts'
import type { OnStoreError, Store } from '../store.ts'
import { balancesOf } from '../testing/conformance-of.ts'
import { laterStore, type LaterStore } from '../testing/later-store.ts'
import { thrown } from '../testing/thrown.ts'
import { denyCache } from './deny-cache.ts'
import { failurePolicy } from './failure-policy.ts'
import { lease } from './lease.ts'
import { memcachedStore } from './memcached/index.ts'
import { memoryStore } from './memory.ts'
import type { Evicted } from './memory-tables.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const gone = new StoreError('failed', 'the server is gone')

const later = (): LaterStore => laterStore(memoryStore({ clock: () => noon }))

describe('a deny cache', () => {
  balancesOf((clock) => denyCache(memoryStore({ clock }), { maxStale: '1d' }))

  it('asks again once something was granted', async () => {
    const store = denyCache(later(), { maxStale: '1d' })
    const limiter = createLimiter({ store, algorithm: prepaid() })
    const sources = async (): Promise<unknown[]> => {
      const { allowed, source, limit, retryAfterMs } = await limiter.take('ada', { cost: 2 })
      return [allowed, source, limit, retryAfterMs]
    }
    await limiter.grant('ada', 1, { id: 'a' })
    expect(await sources()).toEqual([false, 'store', 1, Infinity])
    expect(await sources()).toEqual([false, 'deny-cache', 1, Infinity])
    await limiter.grant('ada', 1, { id: 'b' })
    expect(await sources()).toEqual([true, 'store', 2, 0])
  })

  it('keeps nothing of a refusal that was asked for before a grant', async () => {
    const inner = later()
    const store = denyCache(inner, { maxStale: '1d' })
    const limiter = createLimiter({ store, algorithm: prepaid() })
    const [refused] = await Promise.all([limiter.take('ada'), limiter.grant('ada', 5, { id: 'a' })])
    expect(refused.allowed).toBe(false)
    expect((await limiter.take('ada')).allowed).toBe(true)
  })
})

describe('a lease', () => {
  balancesOf((clock) => lease(memoryStore({ clock }), { size: 100 }))

  it('takes nothing ahead of a balance, however busy it is', async () => {
    const inner = later()
    const limiter = createLimiter({ store: lease(inner, { size: 100 }), algorithm: prepaid() })
    await limiter.grant('ada', 1000, { id: 'a' })
    for (let turn = 0; turn < 20; turn++) {
      const { source, remaining } = await limiter.take('ada')
      expect([source, remaining]).toEqual(['store', 999 - turn])
    }
  })
})

interface World {
  readonly store: LaterStore
  readonly limiter: Limiter<'async', 'credits' | 'burst'>
}

/** A limiter of credits and a window, whose store has granted `ada` ten credits. */
async function world(onStoreError?: OnStoreError, mode: 'enforce' | 'shadow' = 'enforce'): Promise<World> {
  const store = later()
  const limiter = createLimiter({
    store: failurePolicy(store, onStoreError, { storeFailing: () => undefined }),
    policies: [
      { name: 'credits', algorithm: prepaid(), mode },
      { name: 'burst', algorithm: fixedWindow({ limit: 3, window: '1h' }) },
    ],
  })
  await limiter.grant({ credits: 'ada' }, 10, { id: 'a' })
  return { store, limiter }
}

describe('a failure policy', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  balancesOf((clock) => failurePolicy(laterStore(memoryStore({ clock }))))

  it.each<[OnStoreError]>([['local'], [{ local: { share: 0.5 } }], [{ fallback: memoryStore() }], ['deny']])(
    'of %o refuses what a balance would decide, and grants nothing',
    async (onStoreError) => {
      const { store, limiter } = await world(onStoreError)
      store.failing = gone
      for (let turn = 0; turn < 8; turn++) {
        const decision = await limiter.take('ada')
        expect(decision).toMatchObject({ allowed: false, source: 'failure-policy', policies: [] })
        expect(decision.retryAfterMs).toBeGreaterThan(0)
        expect(decision.retryAfterMs).toBeLessThanOrEqual(200)
        await expect(limiter.grant({ credits: 'ada' }, 5, { id: 'b' })).rejects.toThrow(StoreError)
      }
      const { source, allowed } = await limiter.take({ burst: 'ada' })
      expect([source, allowed]).toEqual(
        onStoreError === 'deny' ? ['failure-policy', false] : ['fallback', true],
      )
      store.failing = undefined
      await vi.advanceTimersByTimeAsync(500)
      const back = await limiter.take({ credits: 'ada' })
      expect([back.source, back.remaining]).toEqual(['store', 9])
      expect(await limiter.grant({ credits: 'ada' }, 5, { id: 'b' })).toEqual({
        granted: true,
        limit: 14,
        remaining: 14,
      })
    },
  )

  it("of 'allow' lets all pass", async () => {
    const { store, limiter } = await world('allow')
    store.failing = gone
    expect(await limiter.take('eve')).toMatchObject({ allowed: true, source: 'failure-policy', policies: [] })
    await expect(limiter.grant({ credits: 'eve' }, 5, { id: 'b' })).rejects.toThrow('the server is gone')
  })

  it('leaves a balance out that only reports', async () => {
    const { store, limiter } = await world('local', 'shadow')
    store.failing = gone
    const decisions = [await limiter.take('ada', { cost: 2 }), await limiter.take('ada', { cost: 2 })]
    expect(decisions.map(({ allowed, source }) => [allowed, source])).toEqual([
      [true, 'fallback'],
      [false, 'fallback'],
    ])
    expect(decisions[0]?.policies.map(({ name, remaining }) => [name, remaining])).toEqual([['burst', 1]])
    expect(await limiter.take({ credits: 'ada' })).toMatchObject({ allowed: true, policies: [] })
    // It goes back to where it was charged.
    await limiter.refund(decisions[0]!)
    expect((await limiter.take({ burst: 'ada' }, { cost: 3 })).allowed).toBe(true)
  })

  it('asks for nothing while the breaker is open, and takes mistakes in grants for no outage', async () => {
    const { store, limiter } = await world()
    store.failing = gone
    for (let turn = 0; turn < 5; turn++) {
      store.failing = new StoreError('failed', `the server is gone ${turn}`)
      await limiter.grant({ credits: 'ada' }, 1, { id: 'b' }).catch(() => undefined)
    }
    store.failing = undefined
    await expect(limiter.grant({ credits: 'ada' }, 1, { id: 'b' })).rejects.toMatchObject({
      code: 'not-ready',
    })
    await vi.advanceTimersByTimeAsync(500)
    for (let turn = 0; turn < 9; turn++)
      await expect(
        limiter.grant({ credits: 'ada' }, Number.MAX_SAFE_INTEGER, { id: `${turn}` }),
      ).rejects.toThrow(RangeError)
    expect(await limiter.grant({ credits: 'ada' }, 1, { id: 'b' })).toMatchObject({
      granted: true,
      remaining: 11,
    })
  })

  it('opens no balance in what stands in, which may not keep any', async () => {
    const port = { gets: never, cas: never, add: never, incr: never, delete: never } as never
    const store = failurePolicy(later(), { fallback: memcachedStore(port) })
    const { charges } = await call(store, { slot: store.open('credits', prepaid()) })
    expect(charges[0]).toMatchObject({ allowed: false, limit: 0 })
  })
})

const never = (): never => {
  throw new Error('nobody asks')
}

describe('the memory store', () => {
  it('forgets no balance, however many other keys there are, nor counts it as one of these', () => {
    const clock = { now: noon }
    const evicted: Evicted[] = []
    const store = memoryStore({
      clock: () => clock.now,
      maxKeys: 5,
      onEvicted: (event) => evicted.push(event),
    })
    const limiter = createLimiter({
      store,
      policies: [
        { name: 'credits', algorithm: prepaid() },
        { name: 'burst', algorithm: fixedWindow({ limit: 3, window: '1s' }) },
      ],
    })
    const accounts = Array.from({ length: 20 }, (_, index) => `account ${index}`)
    for (const credits of accounts) limiter.grant({ credits }, 5, { id: 'a' })
    expect(evicted).toEqual([])
    for (let index = 0; index < 50; index++) limiter.take({ burst: `client ${index}` })
    expect(evicted.length).toBe(45)
    clock.now += 1e12
    for (let index = 0; index < 200; index++)
      limiter.take({ burst: `client ${index % 5}`, credits: 'account 0' })
    const left = accounts.map((credits) => limiter.peek({ credits }, { cost: 0 }).remaining)
    expect(left).toEqual([0, ...accounts.slice(1).map(() => 5)])
    expect(new Set(evicted.map(({ policy }) => policy))).toEqual(new Set(['burst']))
    limiter.reset({ credits: 'account 1' })
    expect(limiter.peek({ credits: 'account 1' }, { cost: 0 }).remaining).toBe(0)
    limiter.resetAll()
    expect(limiter.peek({ credits: 'account 2' }, { cost: 0 }).remaining).toBe(0)
    expect(limiter.grant({ credits: 'account 2' }, 5, { id: 'a' }).granted).toBe(true)
  })

  it('keeps nothing of keys that nothing was granted to', () => {
    const store = memoryStore({ clock: () => noon })
    const limiter = createLimiter({ store, algorithm: prepaid() })
    const slot = store.open('default', prepaid()) as unknown as { table: { entries: Map<string, unknown> } }
    for (let index = 0; index < 100; index++) {
      limiter.take(`key ${index}`)
      limiter.reserve(`key ${index}`, { cost: 0 }).settle(9)
    }
    expect(slot.table.entries.size).toBe(0)
    limiter.grant('ada', 1, { id: 'a' })
    expect(slot.table.entries.size).toBe(1)
  })
})

describe('the Memcached store', () => {
  it('refuses balances, and says why', () => {
    const store: Store = memcachedStore({
      gets: never,
      cas: never,
      add: never,
      incr: never,
      delete: never,
    })
    expect(store.grant).toBeUndefined()
    expect(thrown(() => createLimiter({ store, algorithm: prepaid() }))).toBe(
      'TypeError: memcachedStore cannot keep prepaid(): Memcached may forget any key at any time, and a balance must ' +
        'not be forgotten; use redisStore()',
    )
  })
})
