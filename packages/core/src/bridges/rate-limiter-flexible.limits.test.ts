/** What a limiter of rate-limiter-flexible cannot give, shown beside ours where ours differs. */

import { type IRateLimiterOptions, RateLimiterMemory } from 'rate-limiter-flexible'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import { type FlexibleBridge, fromRateLimiterFlexible } from './rate-limiter-flexible.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 5, 1, 12) })
})
afterEach(() => {
  vi.useRealTimers()
})

const ten = { points: 10, duration: 60 }

const bridge = (options: Partial<IRateLimiterOptions> = {}): FlexibleBridge =>
  fromRateLimiterFlexible(new RateLimiterMemory({ ...ten, ...options }))

describe('a refused take', () => {
  it('is charged: what would have fitted fits no more', async () => {
    const ours = createLimiter({ algorithm: fixedWindow({ limit: 10, window: '1m' }) })
    const theirs = bridge()
    const allowed = async (cost: number): Promise<boolean[]> => [
      ours.take('ada', { cost }).allowed,
      (await theirs.take('ada', { cost })).allowed,
    ]
    expect(await allowed(7)).toEqual([true, true])
    expect(await allowed(5)).toEqual([false, false])
    expect(await allowed(1)).toEqual([true, false])
  })

  it('costs nothing where it could never fit', async () => {
    const limiter = bridge({ blockDuration: 3600 })
    const never = { allowed: false, retryAfterMs: Infinity }
    expect(await limiter.take('ada', { cost: 11 })).toMatchObject({ ...never, remaining: 10, resetMs: 0 })
    expect(await limiter.take('ada', { cost: 10 })).toMatchObject({ allowed: true, remaining: 0 })
    expect(await limiter.take('ada', { cost: 11 })).toMatchObject({ ...never, resetMs: 60_000 })
    expect(await bridge({ points: 0 }).take('ada')).toMatchObject({ ...never, limit: 0, remaining: 0 })
  })

  it('has an exact wait, in which nothing comes back', async () => {
    const limiter = bridge()
    await limiter.take('ada', { cost: 10 })
    vi.advanceTimersByTime(20_000)
    expect(await limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 40_000 })
    vi.advanceTimersByTime(39_999)
    expect(await limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 1 })
    vi.advanceTimersByTime(1)
    expect(await limiter.take('ada', { cost: 10 })).toMatchObject({ allowed: true, resetMs: 60_000 })
  })
})

it('all of one window and all of the next pass at their edge', async () => {
  const limiter = bridge()
  await limiter.take('ada')
  vi.advanceTimersByTime(59_999)
  expect((await limiter.take('ada', { cost: 9 })).allowed).toBe(true)
  vi.advanceTimersByTime(1)
  expect((await limiter.take('ada', { cost: 10 })).allowed).toBe(true)
})

it('of several keys, those in front of the one that is refused stay charged', async () => {
  const ours = createLimiter({ algorithm: fixedWindow({ limit: 10, window: '1m' }) })
  const theirs = bridge()
  const of = (key: string, cost: number) => ({ policy: 'default', key, cost }) as const
  ours.take('spent', { cost: 10 })
  await theirs.take('spent', { cost: 10 })
  expect(theirs.store.atomic).toBe(false)
  const charges = [of('before', 2), of('spent', 1), of('behind', 2)]
  expect(ours.decide(charges).allowed).toBe(false)
  expect((await theirs.decide(charges)).allowed).toBe(false)
  expect(['before', 'behind'].map((key) => ours.peek(key).used)).toEqual([0, 0])
  const used = await Promise.all(['before', 'behind'].map(async (key) => (await theirs.peek(key)).used))
  expect(used).toEqual([2, 0])
})

describe('a block', () => {
  it('is what the wait tells, longer than the window', async () => {
    const limiter = bridge({ blockDuration: 600 })
    await limiter.take('ada', { cost: 10 })
    expect(await limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 600_000 })
    vi.advanceTimersByTime(60_000)
    const blocked = { allowed: false, retryAfterMs: 540_000 }
    expect(await limiter.peek('ada')).toMatchObject(blocked)
    expect(await limiter.take('ada')).toMatchObject(blocked)
    vi.advanceTimersByTime(540_000)
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, remaining: 9 })
  })

  it('without end has no wait', async () => {
    const flexible = new RateLimiterMemory(ten)
    await flexible.block('ada', 0)
    const limiter = fromRateLimiterFlexible(flexible)
    expect(await limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: Infinity })
  })
})

describe('execEvenly', () => {
  it.each([
    // What is left of the window is shared by the four units that remain, and two more.
    [undefined, 10_000],
    [1, 10_000],
    // Where that is less than the least delay, it is that for each unit that was used.
    [20_000, 120_000],
  ])('holds allowed takes back for longer than the timeout: with %s for %i ms', async (leastMs, heldMs) => {
    const even = { ...ten, execEvenly: true, ...(leastMs && { execEvenlyMinDelayMs: leastMs }) }
    const limiter = fromRateLimiterFlexible(new RateLimiterMemory(even), { timeout: '1s' })
    const from = Date.now()
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, at: from })
    const second = limiter.take('ada', { cost: 5 })
    await vi.advanceTimersByTimeAsync(heldMs - 1)
    expect(await Promise.race([second, Promise.resolve('held back')])).toBe('held back')
    await vi.advanceTimersByTimeAsync(1)
    expect(await second).toMatchObject({ allowed: true, source: 'store', at: from + heldMs })
  })
})

describe('what is left out', () => {
  it('is a second to answer in, and this process to count meanwhile', async () => {
    class Hanging extends RateLimiterMemory {
      override consume(): Promise<never> {
        return new Promise(() => undefined)
      }
    }
    const limiter = fromRateLimiterFlexible(new Hanging(ten))
    expect(limiter.policies).toMatchObject([
      { name: 'default', mode: 'enforce', limit: 10, windowMs: 60_000 },
    ])
    const taken = limiter.take('ada', { cost: 7 })
    await vi.advanceTimersByTimeAsync(999)
    expect(await Promise.race([taken, Promise.resolve('asked')])).toBe('asked')
    await vi.advanceTimersByTimeAsync(2)
    expect(await taken).toMatchObject({ allowed: true, remaining: 3, source: 'fallback' })
    await limiter.close()
  })

  it('of its duration never ends here either', async () => {
    class Gone extends RateLimiterMemory {
      override async consume(): Promise<never> {
        throw new Error('gone')
      }
    }
    const limiter = fromRateLimiterFlexible(new Gone({ points: 1, duration: 0 }))
    const refused = { allowed: false, retryAfterMs: Infinity, resetMs: Infinity, source: 'fallback' }
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, resetMs: Infinity, source: 'fallback' })
    expect(await limiter.take('ada')).toMatchObject(refused)
    await limiter.close()
  })
})

it('its points can be set while it works, and are told from then on', async () => {
  const flexible = new RateLimiterMemory(ten)
  const limiter = fromRateLimiterFlexible(flexible)
  await limiter.take('ada', { cost: 8 })
  flexible.points = 20
  expect(await limiter.take('ada', { cost: 11 })).toMatchObject({ allowed: true, limit: 20, remaining: 1 })
  flexible.points = 5
  expect(await limiter.peek('ada')).toMatchObject({ allowed: false, limit: 5, used: 5, remaining: 0 })
})

it('who waits gets its turn when the window ends', async () => {
  const limiter = bridge()
  await limiter.take('ada', { cost: 10 })
  const turn = limiter.wait('ada', { cost: 2 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await turn).toMatchObject({ allowed: true, remaining: 8 })
})
