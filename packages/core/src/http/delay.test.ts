import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { leakyBucket } from '../algorithms/leaky-bucket.ts'
import { createLimiter } from '../limiter.ts'
import type { Limiter } from '../limiter-types.ts'
import { memoryStore } from '../stores/memory.ts'
import { heapUsed } from '../testing/heap.ts'
import { laterStore } from '../testing/later-store.ts'
import { thrown } from '../testing/thrown.ts'
import { createDelay, type DecideLater, GONE } from './delay.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 5, 1, 12) }))
afterEach(() => void vi.useRealTimers())

const clock = (): number => Date.now()
const charges = (key: string) => [{ policy: 'default', key }]

/** Requests that are held back, and those who leave. */
function holding(limiter: Limiter<any>, maxQueue: number, maxWait = '2d' as const) {
  const decide = createDelay(limiter as Limiter, { maxQueue, maxWait }) as DecideLater
  const leaves: (() => void)[] = []
  const come = (key = 'ada') => decide(charges(key), (gone) => void leaves.push(gone))
  return { come, leaves }
}

/** Lets everything happen that is due. */
const settle = async (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

const limiterOf = (capacity: number, store: any = memoryStore({ clock })) =>
  createLimiter({ store, algorithm: leakyBucket({ capacity, leak: 1, per: '1s' }) })

describe('options', () => {
  it.each<[unknown, string]>([
    [true, "TypeError: delay must be an object such as { maxWait: '5s' }, got true"],
    [null, 'TypeError: delay must be an object'],
    ['5s', 'TypeError: delay must be an object'],
    [{ maxwait: 1 }, "TypeError: delay has no option 'maxwait': did you mean `maxWait`?"],
    [{ maxWait: 0 }, 'RangeError: delay.maxWait must be from 1 ms to 10 years'],
    [{ maxWait: null }, 'TypeError: delay.maxWait must be from 1 ms to 10 years'],
    [{ maxQueue: 0 }, 'RangeError: delay.maxQueue must be a whole number from 1 to'],
    [{ maxQueue: null }, 'TypeError: delay.maxQueue must be a whole number from 1 to'],
  ])('%o is refused', (delay, message) => {
    expect(thrown(() => createDelay(limiterOf(1) as Limiter, delay as never))).toContain(message)
  })

  it('that are left out hold nothing back', () => {
    expect(createDelay(limiterOf(1) as Limiter, undefined)).toBeUndefined()
  })

  it('hold a thousand requests for ten seconds by default', async () => {
    const decide = createDelay(limiterOf(2000), {}) as DecideLater
    const outcomes: unknown[] = []
    const come = (key: string) =>
      void decide(charges(key), () => undefined).then((outcome) =>
        outcomes.push(outcome === GONE || outcome.allowed),
      )
    for (let request = 0; request < 2011; request++) come('ada')
    await settle()
    expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(2000)
    expect(outcomes.filter((outcome) => outcome === false)).toHaveLength(1)
    await settle(10_000)
    expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(2010)
  })
})

describe('a full queue', () => {
  it.each(['memory', 'a store of promises'])(
    'in %s lets pass who has room, of whatever key',
    async (kind) => {
      const memory = memoryStore({ clock })
      const { come } = holding(limiterOf(5, kind === 'memory' ? memory : laterStore(memory)), 2)
      // More at once than there are places: each has room.
      const first = [1, 2, 3, 4, 5].map(() => come())
      await settle()
      expect(await Promise.all(first)).toMatchObject(first.map(() => ({ allowed: true })))
      const parked = [come(), come()]
      await settle()
      expect(await come()).toMatchObject({ allowed: false, retryAfterMs: 3000 })
      expect(await come('bob')).toMatchObject({ allowed: true })
      await settle(2000)
      expect(await Promise.all(parked)).toMatchObject([{ allowed: true }, { allowed: true }])
    },
  )
})

describe('a client that leaves', () => {
  it('before it is decided is charged nothing', async () => {
    const limiter = limiterOf(1)
    const decide = createDelay(limiter, {}) as DecideLater
    expect(await decide(charges('ada'), (gone) => gone())).toBe(GONE)
    expect(limiter.peek('ada').allowed).toBe(true)
  })

  it('after it has its answer changes nothing', async () => {
    const limiter = limiterOf(1)
    const { come, leaves } = holding(limiter, 10)
    expect(await come()).toMatchObject({ allowed: true })
    leaves[0]?.()
    expect(limiter.peek('ada').allowed).toBe(false)
  })
})

describe('memory', () => {
  beforeEach(() => void vi.useRealTimers())

  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const bucket = (capacity: number, leak: number) =>
    createLimiter({ algorithm: leakyBucket({ capacity, leak, per: '1s' }) })

  it.each(['leave', 'pass', 'close'])(
    'is bounded for 10,000 that are held back, and free again once they %s',
    async (ending) => {
      const limiter = bucket(1, ending === 'pass' ? 5000 : 1)
      const { come, leaves } = holding(limiter, 10_000)
      await come()
      const [before, timersBefore] = [heapUsed(), timers()]
      const all = Promise.all(Array.from({ length: 10_000 }, async () => come()))
      // One timer for all.
      expect(timers() - timersBefore).toBe(1)
      const perRequest = (heapUsed() - before) / 10_000
      expect(perRequest).toBeLessThan(10_000)
      if (ending === 'leave') for (const leave of leaves.splice(0).toReversed()) leave()
      if (ending === 'close') await limiter.close()
      leaves.length = 0
      const outcomes = new Set(
        (await all).map((one) => (one === GONE ? 'leave' : one.allowed ? 'pass' : 'close')),
      )
      expect([...outcomes]).toEqual([ending])
      expect(timers() - timersBefore).toBeLessThanOrEqual(0)
    },
  )

  it('is all that it takes: one of 10,000 leaves within 10 ms, and so do all of them', async () => {
    const { come, leaves } = holding(bucket(1, 1), 10_000)
    await come()
    const all = Promise.all(Array.from({ length: 10_000 }, async () => come()))
    const from = performance.now()
    leaves[1]?.()
    expect(performance.now() - from).toBeLessThan(10)
    for (const leave of leaves) leave()
    expect(new Set(await all)).toEqual(new Set([GONE]))
    expect(performance.now() - from).toBeLessThan(2000)
  })

  it('of those who were held back is free again, and keeps nothing of 100,000 requests', async () => {
    const limiter = bucket(1, 1000)
    const { come, leaves } = holding(limiter, 10_000)
    const round = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 1000 }, async (_, request) => come(`${request % 500}`)))
      leaves.length = 0
    }
    for (let rounds = 0; rounds < 5; rounds++) await round()
    const [before, timersBefore] = [heapUsed(), timers()]
    for (let rounds = 0; rounds < 100; rounds++) await round()
    expect(timers() - timersBefore).toBeLessThanOrEqual(0)
    expect(heapUsed() - before).toBeLessThan(2_000_000)
  })
})
