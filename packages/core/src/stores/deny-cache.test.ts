import { describe, expect, it, vi } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { answerOf, call, type Called, type ChargePart } from '../conformance/calls.ts'
import { createLimiter } from '../limiter.ts'
import type { DecisionSource } from '../algorithm.ts'
import type { Charge, Ruling, Slot, Store } from '../store.ts'
import { type LaterStore, laterStore } from '../testing/later-store.ts'
import { thrown } from '../testing/thrown.ts'
import { noon } from '../testing/worlds.ts'
import { denyCache, type DenyCacheOptions } from './deny-cache.ts'
import { memoryStore } from './memory.ts'

const bucket = tokenBucket({ capacity: 10, refill: 1, per: '1s' })

interface World {
  readonly clock: { now: number }
  readonly memory: Store<'sync'>
  readonly later: LaterStore
  readonly store: Store<'async'>
  /** What the inner store was asked. */
  readonly asked: () => number
  /** A slot of which nothing is left. */
  exhausted(algorithm?: Algorithm, name?: string): Promise<Slot>
}

function world(options: DenyCacheOptions = { maxStale: '10s' }): World {
  const clock = { now: noon }
  const memory = memoryStore({ clock: () => clock.now })
  const later = laterStore(memory)
  const take = vi.spyOn(later, 'take')
  const store = denyCache(later, { now: () => clock.now, ...options })
  return {
    clock,
    memory,
    later,
    store,
    asked: () => take.mock.calls.length,
    async exhausted(algorithm = bucket, name = 'policy') {
      const slot = store.open(name, algorithm)
      await call(store, { slot, cost: algorithm.limit })
      take.mockClear()
      return slot
    },
  }
}

const sources = async (store: Store, ...calls: ChargePart[]): Promise<DecisionSource[]> => {
  const answered: Called[] = []
  for (const part of calls) answered.push(await call(store, part))
  return answered.map(({ ruling }) => ruling.source)
}

describe('the options of a deny cache', () => {
  const error = (options: unknown): string | undefined =>
    thrown(() => denyCache(memoryStore(), options as never))

  it.each([
    [{ maxStale: 0 }, "RangeError: maxStale must be from 1 ms to 10 years, such as 60000 or '1m', got 0"],
    [{ maxKeys: 0 }, 'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got 0'],
    [{ now: 5 }, 'TypeError: now must be a function, got 5'],
    [{ stale: 5 }, "TypeError: denyCache has no option 'stale': maxStale, maxKeys, now"],
    [null, 'TypeError: what denyCache takes must be an object, got null'],
  ])('refuse %o', (options, message) => {
    expect(error(options)).toBe(message)
  })

  it('have defaults', () => {
    expect([error(undefined), error({})]).toEqual([undefined, undefined])
  })
})

describe('a refusal', () => {
  it('answers later calls, with the time that passed taken off', async () => {
    const { clock, store, exhausted, asked } = world()
    const slot = await exhausted()
    const first = await call(store, { slot, cost: 3 })
    clock.now += 1200.7
    const second = await call(store, { slot, cost: 3 })
    expect(asked()).toBe(1)
    expect(first.charges.map(answerOf)).toEqual([
      { allowed: false, remaining: 0, retryAfterMs: 3000, resetMs: 10_000 },
    ])
    expect(second.ruling).toEqual({
      allowed: false,
      at: noon + 1200,
      source: 'deny-cache',
      told: second.charges,
    })
    expect(second.charges.map(answerOf)).toEqual([
      { allowed: false, remaining: 0, retryAfterMs: 1800, resetMs: 8800 },
    ])
  })

  it('answers until its wait is over', async () => {
    const { clock, store, exhausted, asked } = world()
    const slot = await exhausted()
    await call(store, { slot })
    clock.now += 999
    expect((await call(store, { slot })).charges[0]).toMatchObject({ allowed: false, retryAfterMs: 1 })
    clock.now += 1
    const { ruling } = await call(store, { slot })
    expect([ruling.allowed, ruling.source, asked()]).toEqual([true, 'store', 2])
  })

  it('answers for a second by default, and never longer than `maxStale`', async () => {
    for (const [options, maxStale] of [
      [{}, 1000],
      [{ maxStale: '250ms' as const }, 250],
    ] as const) {
      const { clock, store, exhausted, asked } = world(options)
      const slot = await exhausted(fixedWindow({ limit: 5, window: '1h' }))
      await call(store, { slot })
      clock.now += maxStale - 1
      await call(store, { slot })
      expect(asked()).toBe(1)
      clock.now += 1
      await call(store, { slot })
      expect(asked()).toBe(2)
    }
  })

  it('is counted from before the store was asked, and told from when it answered', async () => {
    const { clock, store, later, exhausted, asked } = world()
    const slot = await exhausted()
    let answer = (): void => undefined
    later.until = new Promise<void>((resolve) => (answer = resolve))
    const slow = call(store, { slot, cost: 2 })
    clock.now += 300
    const sync = later.until
    answer()
    await sync
    await slow
    later.until = undefined
    clock.now += 100
    // Asked 400 ms ago, charged 100 ms ago: the store has 1600 ms to go.
    expect((await call(store, { slot, cost: 2 })).charges[0]).toMatchObject({ retryAfterMs: 1600 })
    clock.now += 1299
    await call(store, { slot, cost: 2 })
    expect(asked()).toBe(1)
    clock.now += 1
    await call(store, { slot, cost: 2 })
    expect(asked()).toBe(2)
  })

  it('answers costs at least as large, never smaller ones', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    const costs = [3, 3, 4, 2, 2, 4, 1, 0].map((cost) => ({ slot, cost }))
    expect(await sources(store, ...costs)).toEqual([
      'store',
      'deny-cache',
      'deny-cache',
      'store',
      'deny-cache',
      'deny-cache',
      'store',
      'store',
    ])
  })

  it('of a smaller cost is not given up for that of a larger one', async () => {
    const { store, later, exhausted } = world()
    const slot = await exhausted()
    let answer = (): void => undefined
    later.until = new Promise<void>((resolve) => (answer = resolve))
    const both = [call(store, { slot, cost: 1 }), call(store, { slot, cost: 5 })]
    answer()
    await Promise.all(both)
    expect(await sources(store, { slot, cost: 1 }, { slot, cost: 5 })).toEqual(['deny-cache', 'deny-cache'])
  })

  it('of what can never fit is one without end', async () => {
    const { clock, store, asked } = world({ maxStale: '1s' })
    const slot = store.open('policy', bucket)
    await call(store, { slot, cost: 11 })
    clock.now += 500
    const again = await call(store, { slot, cost: 12 })
    expect(again.ruling.source).toBe('deny-cache')
    expect(again.charges[0]).toMatchObject({ remaining: 10, retryAfterMs: Infinity, resetMs: 0 })
    expect((await call(store, { slot, cost: 10 })).ruling.allowed).toBe(true)
    clock.now += 500
    await call(store, { slot, cost: 11 })
    expect(asked()).toBe(3)
  })

  it('tells a cost that can never fit so, whatever it is known by', async () => {
    const { store, exhausted, asked } = world()
    const slot = await exhausted()
    await call(store, { slot, cost: 1 })
    const never = await call(store, { slot, cost: 11 })
    expect(never.charges[0]?.retryAfterMs).toBe(Infinity)
    expect(asked()).toBe(1)
  })

  it('answers a take that may queue only where its wait is too long', async () => {
    const { clock, store, exhausted } = world()
    const slot = await exhausted()
    await call(store, { slot, cost: 2, withinMs: 1500 })
    clock.now += 400
    const within = await sources(
      store,
      { slot, cost: 2, withinMs: 1599 },
      { slot, cost: 2 },
      { slot, cost: 2, withinMs: 1600 },
    )
    expect(within).toEqual(['deny-cache', 'deny-cache', 'store'])
  })

  it('is of one policy, kind, key and set of parameters', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    const raised = store.open('policy', tokenBucket({ capacity: 11, refill: 1, per: '1s' }))
    const equal = store.open('policy', tokenBucket({ capacity: 10, refill: 1, per: '1s' }))
    const log = store.open('policy', slidingLog({ limit: 10, window: '10s' }))
    const other = store.open('policy 2', bucket)
    expect(
      await sources(
        store,
        { slot },
        { slot: equal },
        { slot: raised },
        { slot: log },
        { slot: other },
        { slot, key: 'another' },
        { slot },
      ),
    ).toEqual(['store', 'deny-cache', 'store', 'store', 'store', 'store', 'deny-cache'])
  })

  it('of one plan stays when the same key is refused by another', async () => {
    const { store, exhausted, asked } = world()
    const small = await exhausted()
    const plans = [small, ...[11, 12, 13].map((size) => store.open('policy', fixed(size)))]
    for (const slot of plans) await call(store, { slot, cost: 20 })
    for (const slot of plans) await call(store, { slot, cost: 20 })
    expect(asked()).toBe(4)
    await call(store, { slot: store.open('policy', fixed(14)), cost: 20 })
    await call(store, { slot: small, cost: 20 })
    expect(asked()).toBe(6)

    function fixed(capacity: number): Algorithm {
      return tokenBucket({ capacity, refill: 1, per: '1s' })
    }
  })

  it('lets a raised limit count at once', async () => {
    const { store, later } = world()
    const limiter = createLimiter({ store, algorithm: fixedWindow({ limit: 1, window: '1m' }) })
    await limiter.take('ada')
    expect((await limiter.take('ada')).allowed).toBe(false)
    expect((await limiter.take('ada')).source).toBe('deny-cache')
    limiter.update({ policies: [{ name: 'default', algorithm: fixedWindow({ limit: 2, window: '1m' }) }] })
    expect((await limiter.take('ada')).allowed).toBe(true)
    expect(later.mode).toBe('async')
  })

  it('is told by its decision alone', async () => {
    const { store } = world()
    const limiter = createLimiter({
      store,
      policies: [
        { name: 'wide', algorithm: slidingLog({ limit: 100, window: '1m' }) },
        { name: 'narrow', algorithm: fixedWindow({ limit: 1, window: '1m' }) },
      ],
    })
    await limiter.take('ada')
    await limiter.take('ada')
    const decision = await limiter.take('ada')
    expect(decision).toMatchObject({ allowed: false, policy: 'narrow', source: 'deny-cache' })
    expect(decision.policies.map(({ name }) => name)).toEqual(['narrow'])
    const { remaining } = await limiter.peek('ada', { cost: { wide: 1, narrow: 0 } })
    expect(remaining).toBe(0)
    expect((await limiter.take({ wide: 'ada' })).remaining).toBe(98)
  })
})

describe('a call', () => {
  it('is refused as a whole by what is known, and told all that is known to refuse', async () => {
    const { clock, store, exhausted, asked } = world()
    const slow = await exhausted(fixedWindow({ limit: 1, window: '1m' }), 'slow')
    const fast = await exhausted(bucket, 'fast')
    const free = store.open('free', bucket)
    const first = await call(store, { slot: free }, { slot: slow }, { slot: fast })
    expect(first.ruling.told).toBeUndefined()
    clock.now += 10
    const second = await call(store, { slot: free }, { slot: slow }, { slot: fast })
    expect(second.ruling.told).toEqual([second.charges[1], second.charges[2]])
    expect(second.charges.map(({ retryAfterMs }) => retryAfterMs)).toEqual([0, 59_990, 990])
    expect(asked()).toBe(1)
    expect((await call(store, { slot: free, cost: 10 })).ruling.allowed).toBe(true)
  })

  it('that asks, forces or gives back is the store’s', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    await call(store, { slot })
    const shadow = { slot: store.open('shadow', bucket), kind: 'shadow' as const }
    const sourceOf = async (...parts: ChargePart[]): Promise<DecisionSource> =>
      (await call(store, ...parts)).ruling.source
    expect(await sourceOf({ slot }, shadow)).toBe('deny-cache')
    expect(await sourceOf(shadow)).toBe('store')
    for (const kind of ['ask', 'force', 'refund'] as const)
      expect(await sourceOf({ slot }, { slot: shadow.slot, kind })).toBe('store')
  })

  it('hands on `upTo`', async () => {
    const { store } = world()
    const slot = store.open('policy', fixedWindow({ limit: 80, window: '1m' }))
    expect((await call(store, { slot, upTo: 50 })).charges[0]?.cost).toBe(10)
  })

  it('that was refused by somebody else is not remembered', async () => {
    const { store, later, exhausted, asked } = world()
    const slot = await exhausted()
    const take = later.take.bind(later)
    let spoil: Partial<Ruling> = {}
    later.take = async (charges: readonly Charge[]) => ({ ...(await take(charges)), ...spoil })
    for (const source of ['fallback', 'failure-policy', 'deny-cache'] as const) {
      spoil = { source }
      expect(await sources(store, { slot }, { slot })).toEqual([source, source])
    }
    spoil = { told: [] }
    expect(await sources(store, { slot }, { slot })).toEqual(['store', 'store'])
    expect(asked()).toBe(8)
  })

  it('is told at the time of the part of the store that refused it', async () => {
    const { store, later, clock, exhausted } = world()
    const slot = await exhausted()
    const take = later.take.bind(later)
    later.take = async (charges: readonly Charge[]) => {
      for (const charge of charges) charge.at = 5000
      return take(charges)
    }
    await call(store, { slot })
    clock.now += 10
    expect((await call(store, { slot })).ruling).toMatchObject({ source: 'deny-cache', at: 5010 })
  })

  it('that asked, or was a shadow, is not remembered', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    await call(store, { slot, kind: 'ask' })
    await call(store, { slot, kind: 'shadow' })
    expect(await sources(store, { slot })).toEqual(['store'])
  })

  it('for a slot that is held is always asked, since anybody may free one', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted(concurrency({ limit: 2, ttl: '1m' }))
    expect(await sources(store, { slot }, { slot })).toEqual(['store', 'store'])
  })

  it('that fails is remembered as nothing', async () => {
    const { store, later, exhausted } = world()
    const slot = await exhausted()
    later.failing = new Error('down')
    await expect(call(store, { slot })).rejects.toThrow('down')
    later.failing = undefined
    expect(await sources(store, { slot }, { slot })).toEqual(['store', 'deny-cache'])
  })
})

describe('what frees a key', () => {
  it.each(['refund', 'force'] as const)('is a %s: the store is asked again', async (kind) => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    const bystander = { slot, key: 'bystander' }
    await call(store, { ...bystander, cost: 10 })
    await call(store, bystander)
    await call(store, { slot, cost: 4 })
    await call(store, { slot, cost: 3, kind, at: noon })
    expect(await sources(store, { slot, cost: 4 }, { slot, cost: 4 }, bystander)).toEqual([
      'store',
      'deny-cache',
      'deny-cache',
    ])
  })

  it('is a refund under other parameters', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    await call(store, { slot })
    const raised = store.open('policy', tokenBucket({ capacity: 20, refill: 1, per: '1s' }))
    await call(store, { slot: raised, cost: 5, kind: 'refund', at: noon })
    expect((await call(store, { slot })).ruling.allowed).toBe(true)
  })

  it('is a reset of it, or of everything', async () => {
    const { store, exhausted } = world()
    const slot = await exhausted()
    await call(store, { slot })
    await store.forget(slot, 'another')
    expect(await sources(store, { slot })).toEqual(['deny-cache'])
    await store.forget(slot, 'key')
    expect((await call(store, { slot, cost: 10 })).ruling.allowed).toBe(true)
    await call(store, { slot })
    await store.forget(slot, undefined)
    expect((await call(store, { slot, cost: 10 })).ruling.allowed).toBe(true)
  })

  describe.each<[string, (store: Store<'async'>, slot: Slot) => Promise<unknown>]>([
    ['a refund', (store, slot) => call(store, { slot, cost: 5, kind: 'refund', at: noon })],
    ['a reset', (store, slot) => store.forget(slot, 'key')],
    ['a reset of all', (store, slot) => store.forget(slot, undefined)],
  ])('(%s)', (_, free) => {
    /** A store whose calls can be held up on their way to it, or on their way back. */
    async function slow(): Promise<{
      store: Store<'async'>
      slot: Slot
      way: { there?: Gate; back?: Gate }
    }> {
      const { later, clock } = world()
      const way: { there?: Gate; back?: Gate } = {}
      async function held<T>(run: () => Promise<T>): Promise<T> {
        const { there, back } = way
        await there
        const result = await run()
        await back
        return result
      }
      const inner: Store<'async'> = {
        ...later,
        take: (charges) => held(() => later.take(charges)),
        forget: (slot, key) => held(() => later.forget(slot, key)),
      }
      const store = denyCache(inner, { maxStale: '10s', now: () => clock.now })
      const slot = store.open('policy', bucket)
      await call(store, { slot, cost: 10 })
      return { store, slot, way }
    }
    type Gate = Promise<void>

    it('counts while a refusal is on its way back', async () => {
      const { store, slot, way } = await slow()
      let open = (): void => undefined
      way.back = new Promise((resolve) => (open = resolve))
      const refused = call(store, { slot })
      delete way.back
      await Promise.resolve()
      await free(store, slot)
      open()
      expect((await refused).ruling.allowed).toBe(false)
      expect((await call(store, { slot })).ruling.allowed).toBe(true)
    })

    it('counts when a refusal overtakes it', async () => {
      const { store, slot, way } = await slow()
      let open = (): void => undefined
      way.there = new Promise((resolve) => (open = resolve))
      const freed = free(store, slot)
      delete way.there
      expect((await call(store, { slot })).ruling.allowed).toBe(false)
      open()
      await freed
      expect((await call(store, { slot })).ruling.allowed).toBe(true)
    })

    it('counts before it is known to be done', async () => {
      const { store, slot, way } = await slow()
      expect((await call(store, { slot })).ruling.allowed).toBe(false)
      let open = (): void => undefined
      way.back = new Promise((resolve) => (open = resolve))
      const freed = free(store, slot)
      delete way.back
      expect((await call(store, { slot })).ruling.allowed).toBe(true)
      open()
      await freed
    })
  })

  it('is seen from another process after `maxStale`', async () => {
    const { clock, memory, store, exhausted } = world({ maxStale: 300 })
    const slot = await exhausted(fixedWindow({ limit: 5, window: '1h' }))
    await call(store, { slot })
    memory.forget(slot, 'key')
    clock.now += 299
    expect((await call(store, { slot })).ruling.source).toBe('deny-cache')
    clock.now += 1
    expect((await call(store, { slot })).ruling.allowed).toBe(true)
  })
})

describe('a deny cache', () => {
  it('asks the store once per `maxStale` for a key that is refused', async () => {
    const { clock, store, exhausted, asked } = world({ maxStale: '1s' })
    const slot = await exhausted(fixedWindow({ limit: 5, window: '1h' }))
    for (let made = 0; made < 10_000; made++) {
      expect((await call(store, { slot })).ruling.allowed).toBe(false)
      clock.now++
    }
    expect(asked()).toBe(10)
  })

  it('remembers `maxKeys` keys, the newest ones', async () => {
    const { store, exhausted } = world({ maxKeys: 2 })
    const slot = await exhausted()
    for (const key of ['a', 'b', 'c']) await call(store, { slot, key, cost: 11 })
    const costs = ['c', 'b', 'a'].map((key) => ({ slot, key, cost: 11 }))
    expect(await sources(store, ...costs)).toEqual(['deny-cache', 'deny-cache', 'store'])
  })

  it('answers at once around a store that does', () => {
    const store = denyCache(memoryStore())
    const limiter = createLimiter({ store, algorithm: fixedWindow({ limit: 1, window: '1m' }) })
    const decisions = [limiter.take('ada'), limiter.take('ada'), limiter.take('ada')]
    expect(decisions.map(({ source }) => source)).toEqual(['store', 'store', 'deny-cache'])
    limiter.reset('ada')
    expect(limiter.take('ada').allowed).toBe(true)
  })

  it('is otherwise the store that it is around', async () => {
    const calls: string[] = []
    const inner = {
      ...laterStore(memoryStore()),
      atomic: false,
      wallClock: () => 7,
      probe: async () => void calls.push('probe'),
      giveBack: () => void calls.push('give back'),
      close: () => void calls.push('close'),
    }
    const store = denyCache(inner)
    await Promise.all([store.probe?.(), store.giveBack?.(), store.close?.()])
    expect([store.mode, store.atomic, store.wallClock?.()]).toEqual(['async', false, 7])
    expect(calls).toEqual(['probe', 'give back', 'close'])
    const bare = denyCache(laterStore(memoryStore()))
    expect([bare.atomic, bare.probe, bare.guarded, bare.wallClock]).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('has a failure policy around it, where its store takes one', async () => {
    const later = laterStore(memoryStore())
    const inner: Store<'async'> = { ...later, guarded: () => inner }
    const guarded = denyCache(inner).guarded?.('allow', {})
    expect(guarded).not.toBe(inner)
    expect((await guarded?.take([]))?.allowed).toBe(true)
  })
})
