import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { call } from '../conformance/calls.ts'
import { StoreError } from '../store-error.ts'
import type { FailureEvents, OnStoreError, Slot, Store } from '../store.ts'
import { laterStore, type LaterStore } from '../testing/later-store.ts'
import { thrown } from '../testing/thrown.ts'
import { failurePolicy } from './failure-policy.ts'
import { memoryStore } from './memory.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const five = fixedWindow({ limit: 5, window: '1h' })
const gone = new StoreError('failed', 'the server is gone')

/** Fails each call with an error of its own. */
function failEach(store: LaterStore): void {
  Object.defineProperty(store, 'failing', {
    configurable: true,
    get: () => new StoreError('failed', 'the server is gone'),
    set(value: Error | undefined) {
      Object.defineProperty(store, 'failing', { value, writable: true, configurable: true })
    },
  })
}

interface World {
  readonly store: LaterStore
  readonly guarded: Store<'async'>
  readonly slot: Slot
  readonly events: string[]
}

function world(onStoreError?: OnStoreError): World {
  const events: string[] = []
  const on: FailureEvents = {
    storeFailing: ({ error }) => events.push(`failing: ${(error as Error).message}`),
    storeRecovered: ({ failingMs }) => events.push(`recovered after ${failingMs} ms`),
  }
  const store = laterStore(memoryStore({ clock: () => noon }))
  const guarded = failurePolicy(store, onStoreError, on)
  return { store, guarded, slot: guarded.open('policy', five), events }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a store that answers', () => {
  it('answers by itself', async () => {
    const { guarded, slot, events } = world()
    const { ruling, charges } = await call(guarded, { slot, cost: 2 })
    expect(ruling).toEqual({ allowed: true, at: noon, source: 'store' })
    expect(charges[0]).toMatchObject({ allowed: true, remaining: 3 })
    expect(events).toEqual([])
  })
})

describe("'local'", () => {
  it('counts the same policies in this process, and says so', async () => {
    const { store, guarded, slot } = world()
    await call(guarded, { slot, cost: 5 })
    store.failing = gone
    const answers = []
    for (let take = 0; take < 7; take++) answers.push(await call(guarded, { slot }))
    expect(answers.map(({ ruling }) => ruling.allowed)).toEqual([true, true, true, true, true, false, false])
    expect(new Set(answers.map(({ ruling }) => ruling.source))).toEqual(new Set(['fallback']))
    expect(answers.map(({ charges }) => charges[0]?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0])
  })

  it('counts a part of each limit where there are several processes, but one unit at least', async () => {
    const { store, guarded, slot } = world({ local: { share: 1 / 2 } })
    store.failing = gone
    const first = await call(guarded, { slot })
    expect(first.charges[0]).toMatchObject({ allowed: true, cost: 1, remaining: 1 })
    expect((await call(guarded, { slot })).ruling.allowed).toBe(true)
    expect((await call(guarded, { slot })).ruling.allowed).toBe(false)

    const many = world({ local: { share: 1 / 100 } })
    many.store.failing = gone
    expect((await call(many.guarded, { slot: many.slot })).ruling.allowed).toBe(true)
    expect((await call(many.guarded, { slot: many.slot })).ruling.allowed).toBe(false)
  })

  it('keeps what it counted for the next time, and sends nothing after', async () => {
    const { store, guarded, slot } = world()
    store.failing = gone
    await call(guarded, { slot, cost: 4 })
    store.failing = undefined
    expect((await call(guarded, { slot })).charges[0]?.remaining).toBe(4)
    store.failing = gone
    expect((await call(guarded, { slot })).charges[0]?.remaining).toBe(0)
  })

  it('refunds what it charged itself, whether the store is back or not', async () => {
    const { store, guarded, slot } = world()
    store.failing = gone
    const { ruling } = await call(guarded, { slot, cost: 4 })
    store.failing = undefined
    await call(guarded, { slot, cost: 2 })
    await call(guarded, { slot, cost: 4, kind: 'refund', at: ruling.at, from: 'fallback' })
    expect((await call(guarded, { slot, cost: 0 })).charges[0]?.remaining).toBe(3)
    store.failing = gone
    expect((await call(guarded, { slot, cost: 0 })).charges[0]?.remaining).toBe(5)
  })

  it('gives back nothing of what the store charged: the refund rejects', async () => {
    const { store, guarded, slot } = world()
    const { ruling } = await call(guarded, { slot, cost: 4 })
    store.failing = gone
    await expect(call(guarded, { slot, cost: 4, kind: 'refund', at: ruling.at })).rejects.toBe(gone)
  })

  it('settles more than was reserved where it was reserved', async () => {
    const { store, guarded, slot } = world()
    store.failing = gone
    await call(guarded, { slot, cost: 1 })
    await expect(call(guarded, { slot, cost: 2, kind: 'force' })).rejects.toBe(gone)
    store.failing = undefined
    expect((await call(guarded, { slot, cost: 2, kind: 'force', from: 'fallback' })).ruling.source).toBe(
      'fallback',
    )
    expect((await call(guarded, { slot, cost: 0 })).charges[0]?.remaining).toBe(5)
    store.failing = gone
    expect((await call(guarded, { slot, cost: 0 })).charges[0]?.remaining).toBe(2)
  })

  it('answers a take that brings something back for the store, which it does not get', async () => {
    const { store, guarded, slot } = world()
    const { ruling } = await call(guarded, { slot, cost: 4 })
    store.failing = gone
    const both = await call(guarded, { slot, kind: 'refund', at: ruling.at }, { slot, cost: 3 })
    expect(both.ruling).toMatchObject({ allowed: true, source: 'fallback' })
    expect(both.charges[1]).toMatchObject({ allowed: true, remaining: 2 })
    store.failing = undefined
    expect((await call(guarded, { slot, cost: 0 })).charges[0]?.remaining).toBe(1)
  })

  it('forgets keys here and there', async () => {
    const { store, guarded, slot } = world()
    await call(guarded, { slot, cost: 5 })
    store.failing = gone
    await call(guarded, { slot, cost: 5 })
    store.failing = undefined
    await guarded.forget(slot, 'key')
    expect((await call(guarded, { slot })).ruling).toMatchObject({ allowed: true, source: 'store' })
    store.failing = gone
    expect((await call(guarded, { slot })).ruling).toMatchObject({ allowed: true, source: 'fallback' })
  })

  it('holds slots here while the store is away', async () => {
    const { store, guarded } = world()
    const slot = guarded.open('reports', concurrency({ limit: 1, ttl: '1m' }))
    store.failing = gone
    const { ruling } = await call(guarded, { slot })
    expect((await call(guarded, { slot })).ruling.allowed).toBe(false)
    store.failing = undefined
    const part = { slot, at: ruling.at, from: 'fallback' as const }
    expect((await call(guarded, { ...part, kind: 'refund' })).ruling.source).toBe('fallback')
  })
})

describe('the other policies', () => {
  it("'allow' lets everything pass and tells of no policy", async () => {
    const { store, guarded, slot } = world('allow')
    store.failing = gone
    const { ruling } = await call(guarded, { slot, cost: 100 })
    expect(ruling).toMatchObject({ allowed: true, source: 'failure-policy', told: [], retryAfterMs: 0 })
  })

  it("'deny' lets nothing pass until the store is asked again", async () => {
    const { store, guarded, slot } = world('deny')
    store.failing = gone
    for (let take = 0; take < 6; take++) {
      const { ruling } = await call(guarded, { slot })
      expect(ruling).toMatchObject({ allowed: false, source: 'failure-policy', told: [] })
      expect(ruling.retryAfterMs).toBeGreaterThan(0)
      expect(ruling.retryAfterMs).toBeLessThanOrEqual(200)
    }
  })

  it("'deny' lets pass what only counts and reports", async () => {
    const { store, guarded, slot } = world('deny')
    store.failing = gone
    expect((await call(guarded, { slot, kind: 'shadow' })).ruling).toMatchObject({
      allowed: true,
      retryAfterMs: 0,
    })
    const both = await call(guarded, { slot, kind: 'shadow' }, { slot, key: 'other' })
    expect(both.ruling.allowed).toBe(false)
  })

  it.each([
    [1, 6],
    [0.7, 3],
    [1 / 2, 3],
    [0.4, 2],
    [1 / 3, 2],
    [1 / 6, 1],
  ])('{ local: { share: %d } } never counts more than its part', async (share, passes) => {
    const store = laterStore(memoryStore())
    store.failing = gone
    const guarded = failurePolicy(store, { local: { share } })
    const slot = guarded.open('policy', fixedWindow({ limit: 6, window: '1h' }))
    const allowed = []
    for (let take = 0; take < 9; take++) allowed.push((await call(guarded, { slot })).ruling.allowed)
    expect(allowed.filter(Boolean)).toHaveLength(passes)
    await guarded.close?.()
  })

  it('{ fallback } asks another store', async () => {
    const fallback = memoryStore({ clock: () => noon + 1 })
    const { store, guarded, slot } = world({ fallback })
    store.failing = gone
    const { ruling, charges } = await call(guarded, { slot, cost: 3 })
    expect(ruling).toEqual({ allowed: true, at: noon + 1, source: 'fallback' })
    expect(charges[0]?.remaining).toBe(2)
  })

  it.each([
    [
      'open',
      "TypeError: onStoreError must be 'local', 'allow', 'deny', { local: { share } } or { fallback: store }, got 'open'",
    ],
    [
      null,
      "TypeError: onStoreError must be 'local', 'allow', 'deny', { local: { share } } or { fallback: store }, got null",
    ],
    [
      {},
      "TypeError: onStoreError must be 'local', 'allow', 'deny', { local: { share } } or { fallback: store }, got an object",
    ],
    [{ fallback: {} }, 'TypeError: onStoreError.fallback must be a store, got an object'],
    [{ fallBack: {} }, "TypeError: onStoreError has no option 'fallBack'"],
    [{ local: 1 }, 'TypeError: what onStoreError.local takes must be an object, got 1'],
    [{ local: { share: 0 } }, 'RangeError: onStoreError.local.share must be above 0 and at most 1, got 0'],
    [{ local: { share: '1' } }, "TypeError: onStoreError.local.share must be above 0 and at most 1, got '1'"],
  ])('refuses %o', (policy, message) => {
    expect(thrown(() => failurePolicy(memoryStore(), policy as never))).toMatch(message)
  })
})

describe('what fails', () => {
  it('is told once, and once that it is over', async () => {
    const { store, guarded, slot, events } = world()
    store.failing = gone
    for (let take = 0; take < 4; take++) await call(guarded, { slot })
    store.failing = undefined
    for (let take = 0; take < 4; take++) expect((await call(guarded, { slot })).ruling.source).toBe('store')
    expect(events).toEqual(['failing: the server is gone'])
    await vi.advanceTimersByTimeAsync(200)
    for (let take = 0; take < 4; take++) await call(guarded, { slot })
    expect(events).toEqual([
      'failing: the server is gone',
      expect.stringMatching(/^recovered after 1\d\d ms$/),
    ])
  })

  it('is no longer asked after five times, but in the background until it is back', async () => {
    const { store, guarded, slot, events } = world()
    const asked = vi.spyOn(store, 'take')
    failEach(store)
    for (let take = 0; take < 20; take++) await call(guarded, { slot })
    expect(asked).toHaveBeenCalledTimes(5)
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked.mock.calls.length).toBeGreaterThan(9)
    store.failing = undefined
    await vi.advanceTimersByTimeAsync(200)
    expect(events).toHaveLength(2)
    expect((await call(guarded, { slot })).ruling.source).toBe('store')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('fails once where many calls wait for the same', async () => {
    const { store, guarded, slot, events } = world()
    const asked = vi.spyOn(store, 'take')
    store.failing = gone
    for (let take = 0; take < 20; take++) await call(guarded, { slot })
    expect(asked).toHaveBeenCalledTimes(20)
    expect(events).toEqual(['failing: the server is gone'])
  })

  it('is not over because some calls succeed: a server that cannot write still refuses', async () => {
    const { store, guarded, slot, events } = world()
    const { take } = store
    store.take = async (charges) => {
      if (charges.some(({ cost, kind }) => cost > 0 && kind === 'take')) throw new StoreError('failed', 'OOM')
      return take(charges)
    }
    Object.assign(store, { probe: async () => Promise.reject(new StoreError('failed', 'OOM')) })
    const mixed = failurePolicy(store, 'allow', { storeFailing: () => events.push('failing') })
    for (let round = 0; round < 20; round++) {
      await call(mixed, { slot, cost: 0 })
      await call(mixed, { slot })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(events).toEqual(['failing'])
    expect((await call(mixed, { slot, cost: 0 })).ruling.source).toBe('failure-policy')
    expect((await call(guarded, { slot, cost: 0 })).ruling.source).toBe('store')
    await mixed.close?.()
  })

  it('is over when a probe was answered, even by a refusal of what it does', async () => {
    const { store, slot } = world()
    failEach(store)
    const events: string[] = []
    Object.assign(store, { probe: async () => Promise.reject(new Error("NOPERM this user can't run SET")) })
    const guarded = failurePolicy(store, 'allow', {
      storeFailing: () => events.push('failing'),
      storeRecovered: () => events.push('recovered'),
    })
    for (let take = 0; take < 9; take++) await call(guarded, { slot })
    await vi.advanceTimersByTimeAsync(200)
    expect(events).toEqual(['failing', 'recovered'])
  })

  it('is not spoilt by listeners that throw', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const { store, slot } = world()
    const bug = (): never => {
      throw new Error('a bug')
    }
    const guarded = failurePolicy(store, 'allow', { storeFailing: bug, storeRecovered: bug })
    store.failing = gone
    expect((await call(guarded, { slot })).ruling.allowed).toBe(true)
    store.failing = undefined
    await vi.advanceTimersByTimeAsync(200)
    expect(warn.mock.calls.flat()).toEqual([
      '[sluice] on.storeFailing threw Error: a bug',
      '[sluice] on.storeRecovered threw Error: a bug',
    ])
    warn.mockRestore()
  })

  it('says nothing about now when it began before something changed', async () => {
    const { store, guarded, slot, events } = world()
    let answer = (): void => undefined
    store.until = new Promise<void>((resolve) => (answer = resolve))
    const early = call(guarded, { slot })
    store.until = undefined
    store.failing = gone
    await call(guarded, { slot })
    store.failing = undefined
    answer()
    expect((await early).ruling.source).toBe('store')
    expect(events).toEqual(['failing: the server is gone'])
    await vi.advanceTimersByTimeAsync(200)
    expect(events).toHaveLength(2)
  })

  it('is no outage where many want the same key, yet answered for', async () => {
    const { store, guarded, slot, events } = world()
    store.failing = new StoreError('contended', 'too many')
    for (let take = 0; take < 9; take++)
      expect((await call(guarded, { slot, cost: 0 })).ruling.source).toBe('fallback')
    expect(events).toEqual([])
  })

  it('is not hidden where a program is wrong', async () => {
    const { store, guarded, slot, events } = world('allow')
    store.failing = new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
    await expect(call(guarded, { slot })).rejects.toThrow('WRONGTYPE')
    expect(events).toEqual([])
  })

  it('leaves no timer behind when it is closed', async () => {
    const { store, guarded, slot } = world()
    failEach(store)
    for (let take = 0; take < 9; take++) await call(guarded, { slot })
    expect(vi.getTimerCount()).toBe(1)
    await guarded.giveBack?.()
    expect(vi.getTimerCount()).toBe(0)
    await call(guarded, { slot })
    expect(vi.getTimerCount()).toBe(1)
    await guarded.close?.()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves none behind either when it is closed while it asks', async () => {
    const { store, slot } = world()
    failEach(store)
    let answer: (reason: Error) => void = () => undefined
    Object.assign(store, { probe: async () => new Promise((_, reject) => (answer = reject)) })
    const guarded = failurePolicy(store)
    await call(guarded, { slot })
    await vi.advanceTimersByTimeAsync(200)
    await guarded.giveBack?.()
    answer(gone)
    await vi.advanceTimersByTimeAsync(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
