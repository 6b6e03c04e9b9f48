/** Refunds by rate-limiter-flexible, whose rewards know no receipt. */

import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FlexibleBridge, fromRateLimiterFlexible } from './rate-limiter-flexible.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 5, 1, 12) })
})
afterEach(() => {
  vi.useRealTimers()
})

const ten = { points: 10, duration: 60 }

const bridge = (): FlexibleBridge => fromRateLimiterFlexible(new RateLimiterMemory(ten))

describe('a refund', () => {
  it('goes nowhere once the window of its charge is over', async () => {
    const limiter = bridge()
    const decision = await limiter.take('ada', { cost: 4 })
    vi.advanceTimersByTime(60_000)
    await limiter.refund(decision)
    expect(await limiter.peek('ada')).toMatchObject({ used: 0, resetMs: 0 })

    const late = await limiter.take('bob', { cost: 4 })
    vi.advanceTimersByTime(60_000)
    await limiter.take('bob', { cost: 3 })
    await limiter.refund(late)
    expect(await limiter.peek('bob')).toMatchObject({ used: 3 })
  })

  it('goes into the window of its charge until its end, and after a reset into none', async () => {
    const limiter = bridge()
    const decision = await limiter.take('ada', { cost: 4 })
    vi.advanceTimersByTime(59_999)
    await limiter.refund(decision, { cost: 1 })
    expect(await limiter.peek('ada')).toMatchObject({ used: 3 })
    vi.advanceTimersByTime(1)

    const second = await limiter.take('ada', { cost: 4 })
    await limiter.reset('ada')
    vi.advanceTimersByTime(1000)
    await limiter.take('ada', { cost: 3 })
    await limiter.refund(second)
    expect(await limiter.peek('ada')).toMatchObject({ used: 3 })
  })

  it('goes into the next window where that opens while it looks', async () => {
    class Slow extends RateLimiterMemory {
      override async get(key: string): Promise<RateLimiterRes | null> {
        const found = await super.get(key)
        vi.advanceTimersByTime(1)
        return found
      }
    }
    const limiter = fromRateLimiterFlexible(new Slow(ten))
    const decision = await limiter.take('ada', { cost: 4 })
    vi.advanceTimersByTime(59_999)
    await limiter.refund(decision)
    // Four more than its points.
    expect(await limiter.take('ada', { cost: 14 })).toMatchObject({ allowed: true })
    expect(await limiter.peek('ada')).toMatchObject({ allowed: false, used: 10 })
  })

  it('never gives back more than there is', async () => {
    const flexible = new RateLimiterMemory({ ...ten, duration: 0 })
    const limiter = fromRateLimiterFlexible(flexible)
    const decision = await limiter.take('ada', { cost: 4 })
    await limiter.reset('ada')
    await limiter.take('ada', { cost: 3 })
    // Without an end all windows look the same.
    await limiter.refund(decision)
    expect((await flexible.get('ada'))?.consumedPoints).toBe(0)
  })
})

describe('a key in memory whose time is over, but not its timer', () => {
  it('counts as never seen, and gets no refund', async () => {
    const limiter = bridge()
    const decision = await limiter.take('ada', { cost: 10 })
    vi.setSystemTime(Date.now() + 60_005)
    const fresh = { allowed: true, used: 0, remaining: 10, resetMs: 0 }
    expect(await limiter.peek('ada', { cost: 10 })).toMatchObject(fresh)
    await limiter.refund(decision)
    expect(await limiter.take('ada', { cost: 10 })).toMatchObject({ allowed: true })
    expect(await limiter.take('ada')).toMatchObject({ allowed: false })
  })
})
