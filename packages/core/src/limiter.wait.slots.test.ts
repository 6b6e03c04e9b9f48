import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { leakyBucket } from './algorithms/leaky-bucket.ts'
import { createLimiter } from './limiter.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'
import type { Store } from './store.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const slots = concurrency({ limit: 1, ttl: '1m' })
const memory = (): Store<'sync'> => memoryStore({ clock: () => Math.floor(1e12 + performance.now()) })

describe.each([
  ['at once', (): Store => memory()],
  ['later', (): Store => laterStore(memory())],
])('slots of a store that answers %s', (_when, newStore) => {
  it('are had in order by who waits for them, as soon as each comes free', async () => {
    const limiter = createLimiter({ store: newStore(), algorithm: slots })
    const first = await limiter.acquire('ada')
    const order: string[] = []
    const wait = async (name: string): Promise<void> => {
      const decision = await limiter.wait('ada', { maxWait: '10s' })
      order.push(`${name} ${decision.allowed} ${Math.round(performance.now() - start)}`)
      const { release } = limiter.hold(decision)
      setTimeout(() => void release(), 200)
    }
    const start = performance.now()
    const all = Promise.all([wait('second'), wait('third')])
    await vi.advanceTimersByTimeAsync(300)
    await first.release()
    await vi.advanceTimersByTimeAsync(1000)
    await all
    expect(order).toEqual(['second true 300', 'third true 500'])
    await limiter.close()
    await vi.advanceTimersByTimeAsync(1000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that nobody frees are refused when the time is up', async () => {
    const limiter = createLimiter({ store: newStore(), algorithm: slots })
    await limiter.acquire('ada')
    const start = performance.now()
    const waiting = limiter.wait('ada', { maxWait: '2500ms' })
    await vi.advanceTimersByTimeAsync(2600)
    expect((await waiting).allowed).toBe(false)
    expect(performance.now() - start).toBeGreaterThanOrEqual(2500)
  })

  it('that another limiter frees are seen within a second', async () => {
    const store = newStore()
    const [one, other] = [1, 2].map(() => createLimiter({ store, shared: true, algorithm: slots }))
    const held = await one!.acquire('ada')
    const start = performance.now()
    const waiting = other!
      .wait('ada', { maxWait: '10s' })
      .then(({ allowed }) => [allowed, performance.now() - start <= 2000])
    await vi.advanceTimersByTimeAsync(1100)
    await held.release()
    await vi.advanceTimersByTimeAsync(1000)
    expect(await waiting).toEqual([true, true])
  })

  it('are not waited for where another policy refuses for longer', async () => {
    const hourly = { name: 'hourly', algorithm: fixedWindow({ limit: 1, window: '1h' }) }
    const limiter = createLimiter({
      store: newStore(),
      policies: [{ name: 'slots', algorithm: slots }, hourly],
    })
    await limiter.acquire('ada')
    expect((await limiter.wait('ada', { maxWait: '10s' })).allowed).toBe(false)
  })

  it('of more than there are come at once as a refusal', async () => {
    const limiter = createLimiter({ store: newStore(), algorithm: slots })
    expect((await limiter.wait('ada', { cost: 2, maxWait: '10s' })).allowed).toBe(false)
  })

  it('are left by who aborts, and go to the next', async () => {
    const limiter = createLimiter({ store: newStore(), algorithm: slots })
    const first = await limiter.acquire('ada')
    const leaving = new AbortController()
    const left = limiter.wait('ada', { maxWait: '10s', signal: leaving.signal })
    const next = limiter.wait('ada', { maxWait: '10s' })
    await vi.advanceTimersByTimeAsync(10)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    await first.release()
    await vi.advanceTimersByTimeAsync(10)
    expect((await next).allowed).toBe(true)
  })
})

describe('a line of mixed costs', () => {
  it('never lets out more than its bucket, whoever leaves and comes', async () => {
    const limiter = createLimiter({
      store: memory(),
      algorithm: leakyBucket({ capacity: 2, leak: 100, per: '1s' }),
    })
    const start = performance.now()
    const passed: [ms: number, cost: number][] = []
    const wait = (cost: number, signal?: AbortSignal): Promise<void> =>
      limiter.wait('ada', { cost, signal, maxWait: '1m' }).then(
        ({ allowed }) => void (allowed && passed.push([performance.now() - start, cost])),
        () => undefined,
      )
    const leaving = new AbortController()
    const all = [
      ...Array.from({ length: 100 }, () => wait(1, leaving.signal)),
      ...Array.from({ length: 50 }, () => wait(2)),
    ]
    await vi.advanceTimersByTimeAsync(50)
    leaving.abort()
    all.push(...Array.from({ length: 100 }, () => wait(1)))
    await vi.advanceTimersByTimeAsync(5000)
    await Promise.all(all)
    for (const [from] of passed)
      for (const spanMs of [100, 500, 1000]) {
        const within = passed.filter(([ms]) => ms >= from && ms < from + spanMs)
        expect(within.reduce((sum, [, cost]) => sum + cost, 0)).toBeLessThanOrEqual(2 + spanMs / 10 + 2)
      }
    expect(passed.length).toBeGreaterThanOrEqual(150)
  })
})
