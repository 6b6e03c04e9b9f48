import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { createLimiter } from './limiter.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { heapGrowth } from './testing/heap.ts'
import { thrown } from './testing/thrown.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const two = concurrency({ limit: 2, ttl: '30s' })
const three = fixedWindow({ limit: 3, window: '1h' })

beforeEach(() => {
  vi.useFakeTimers({ now: noon })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A store that goes by the faked clock, and counts its calls. */
function counted(): { store: Store<'sync'>; calls: () => number } {
  const memory = memoryStore({ clock: () => Date.now() })
  const take = vi.fn<Store<'sync'>['take']>(memory.take)
  return { store: { ...memory, take }, calls: () => take.mock.calls.length }
}

describe('acquire', () => {
  it('holds a slot until it is released', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const { decision, release } = limiter.acquire('ada')
    expect(decision).toMatchObject({ allowed: true, remaining: 1 })
    limiter.acquire('ada')
    const refused = limiter.acquire('ada')
    expect(refused.decision).toMatchObject({ allowed: false, retryAfterMs: 30_000 })
    refused.release()
    expect(limiter.peek('ada').allowed).toBe(false)
    expect(release()).toBeUndefined()
    expect(limiter.acquire('ada').decision.allowed).toBe(true)
  })

  it('frees its slot once, however often it is released', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const first = limiter.acquire('ada')
    limiter.acquire('ada')
    first.release()
    first.release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })

  it("frees nobody else's slot when it is refunded too, before or after", () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const [first] = [limiter.acquire('ada'), limiter.acquire('ada')]
    limiter.refund(first.decision)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(2)
    first.release()
    limiter.refund(first.decision)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })

  it('is undone by a refund but for its slots, which are released', () => {
    const policies = [
      { name: 'slots', algorithm: two },
      { name: 'window', algorithm: three },
    ] as const
    const limiter = createLimiter({ policies, store: counted().store })
    const { decision, release } = limiter.acquire('ada')
    const used = (): number[] => limiter.peek('ada', { cost: 0 }).policies.map((policy) => policy.used)
    limiter.refund(decision)
    expect(used()).toEqual([1, 0])
    release()
    expect(used()).toEqual([0, 0])
  })

  it('holds the slots of a decision once', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const decision = limiter.take('ada')
    const [first, second] = [limiter.hold(decision), limiter.hold(decision)]
    vi.advanceTimersByTime(86_400_000)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
    second.release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
    first.release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
    const refunded = limiter.take('ada')
    limiter.refund(refunded)
    limiter.hold(refunded)
    vi.advanceTimersByTime(86_400_000)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
  })

  it('renews what it holds at a third of the time to live, for as long as it takes', () => {
    const { store, calls } = counted()
    const limiter = createLimiter({ algorithm: two, store })
    const { release } = limiter.acquire('ada', { cost: 2 })
    vi.advanceTimersByTime(9999)
    expect(calls()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(calls()).toBe(2)
    vi.advanceTimersByTime(86_400_000)
    expect(limiter.peek('ada')).toMatchObject({ allowed: false, used: 2, retryAfterMs: 30_000 })
    release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets a slot expire that nobody renews', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    limiter.take('ada', { cost: 2 })
    vi.advanceTimersByTime(29_999)
    expect(limiter.peek('ada').allowed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(limiter.peek('ada').allowed).toBe(true)
  })

  it('renews slots of any time to live in time', () => {
    for (const ttl of [1, 2, '50d', '3660d'] as const) {
      const { store, calls } = counted()
      const limiter = createLimiter({ algorithm: concurrency({ limit: 1, ttl }), store })
      const { release } = limiter.acquire('ada')
      for (let renewals = 0; renewals < 3; renewals++) vi.advanceTimersToNextTimer()
      expect(calls()).toBe(4)
      expect(limiter.peek('ada').allowed).toBe(false)
      release()
    }
  })

  it('charges other policies as well, and leaves them charged', () => {
    const policies = [
      { name: 'rate', algorithm: three },
      { name: 'slots', algorithm: two },
    ] as const
    const limiter = createLimiter({ policies, store: counted().store })
    limiter.acquire('ada').release()
    vi.advanceTimersByTime(60_000)
    expect(limiter.peek('ada', { cost: 0 }).policies).toMatchObject([{ used: 1 }, { used: 0 }])
  })

  it('needs a policy that has slots', () => {
    const limiter = createLimiter({ algorithm: three, store: counted().store })
    expect(thrown(() => limiter.acquire('ada'))).toBe('TypeError: acquire() needs concurrency()')
    expect(limiter.peek('ada').used).toBe(0)
  })

  it('keeps nothing of what it refuses', () => {
    vi.useRealTimers()
    const limiter = createLimiter({ algorithm: concurrency({ limit: 0, ttl: 1 }) })
    limiter.acquire('ada')
    const grown = heapGrowth(() => {
      for (let call = 0; call < 50_000; call++) limiter.acquire('ada')
    })
    expect(grown).toBeLessThan(1_000_000)
  })
})

describe('hold', () => {
  it('holds the slots of a decision, and does nothing for one without', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const held = limiter.hold(limiter.take('ada', { cost: 2 }))
    const none = limiter.hold(limiter.take('ada'))
    vi.advanceTimersByTime(60_000)
    none.release()
    expect(limiter.peek('ada').allowed).toBe(false)
    held.release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
  })

  it('goes on under the time to live that it began with when that is changed', () => {
    const limiter = createLimiter({ algorithm: two, store: counted().store })
    const { release } = limiter.acquire('ada')
    limiter.update({ algorithm: concurrency({ limit: 2, ttl: '10m' }) })
    vi.advanceTimersByTime(25_000)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
    release()
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(0)
  })
})

describe('close', () => {
  it('lets a decision that was under way be held, and released', async () => {
    const { store } = counted()
    const limiter = createLimiter({ algorithm: two, store })
    const decision = limiter.take('ada')
    await limiter.close()
    limiter.hold(decision).release()
    expect(createLimiter({ algorithm: two, store }).peek('ada', { cost: 0 }).used).toBe(0)
  })

  it('gives back a decision once, whichever limiter of a store is asked', () => {
    const { store } = counted()
    const limiter = createLimiter({ algorithm: three, store })
    const other = createLimiter({ algorithm: three, store, shared: true })
    const [first] = [limiter.take('ada'), limiter.take('ada')]
    limiter.refund(first)
    other.refund(first)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })

  it('leaves held slots to their holders, who still work: they are renewed and released', async () => {
    const { store } = counted()
    const limiter = createLimiter({ algorithm: two, store })
    const { release } = limiter.acquire('ada')
    await limiter.close()
    expect(() => limiter.acquire('ada')).toThrow('closed')
    const next = createLimiter({ algorithm: two, store })
    const used = (): number => next.peek('ada', { cost: 0 }).used
    vi.advanceTimersByTime(86_400_000)
    expect(used()).toBe(1)
    release()
    release()
    expect([used(), vi.getTimerCount()]).toEqual([0, 0])
  })
})
