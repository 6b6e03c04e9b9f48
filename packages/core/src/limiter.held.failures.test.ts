import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from './algorithms/concurrency.ts'
import { createLimiter } from './limiter.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const two = concurrency({ limit: 2, ttl: '30s' })

beforeEach(() => {
  vi.useFakeTimers({ now: noon })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a held slot on a store that fails', () => {
  it('is tried again a third later, and expires if the store stays away', async () => {
    const store = laterStore(memoryStore({ clock: () => Date.now() }))
    const limiter = createLimiter({ algorithm: two, store })
    await limiter.acquire('ada', { cost: 2 })
    store.failing = new Error('the network is down')
    await vi.advanceTimersByTimeAsync(20_000)
    store.failing = undefined
    await vi.advanceTimersByTimeAsync(10_000 - 1)
    expect(await limiter.peek('ada')).toMatchObject({ allowed: false, retryAfterMs: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(await limiter.peek('ada')).toMatchObject({ allowed: false, retryAfterMs: 30_000 })
    store.failing = new Error('the network is down')
    await vi.advanceTimersByTimeAsync(30_000)
    store.failing = undefined
    expect((await limiter.peek('ada')).allowed).toBe(true)
    await limiter.close()
  })

  it('does not bring the process down where the store answers at once', () => {
    const store = memoryStore({ clock: () => Date.now() })
    let failing = false
    const take: Store<'sync'>['take'] = (charges) => {
      if (failing) throw new Error('the disk is full')
      return store.take(charges)
    }
    const limiter = createLimiter({ algorithm: two, store: { ...store, take } })
    limiter.acquire('ada')
    failing = true
    vi.advanceTimersByTime(15_000)
    failing = false
    vi.advanceTimersByTime(45_000)
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })

  it('is freed once when it is released while a renewal is under way', async () => {
    const store = laterStore(memoryStore({ clock: () => Date.now() }))
    const limiter = createLimiter({ algorithm: two, store })
    const { release } = await limiter.acquire('ada')
    await limiter.acquire('ada')
    let goOn = (): void => undefined
    store.until = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await vi.advanceTimersByTimeAsync(12_000)
    const released = [release(), release()]
    goOn()
    await Promise.all(released)
    expect((await limiter.peek('ada', { cost: 0 })).used).toBe(1)
  })
})
