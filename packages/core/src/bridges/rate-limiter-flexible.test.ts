import { RateLimiterMemory } from 'rate-limiter-flexible'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FlexiblePlace, flexiblePlaces } from '../testing/flexible-limiters.ts'
import { thrown } from '../testing/thrown.ts'
import { type FlexibleBridge, fromRateLimiterFlexible } from './rate-limiter-flexible.ts'

const HOUR = 3_600_000

describe.each(Object.entries(flexiblePlaces))('a bridge to %s', (_name, open) => {
  let place: FlexiblePlace
  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place.close())

  const bridge = async (duration = 3600): Promise<FlexibleBridge> =>
    fromRateLimiterFlexible(await place.make({ points: 5, duration }), { timeout: '5s' })

  it('takes its points, and refuses what does not fit', async () => {
    const limiter = await bridge()
    const from = Date.now()
    const first = await limiter.take('ada', { cost: 2 })
    expect(first).toMatchObject({
      allowed: true,
      retryAfterMs: 0,
      policy: 'default',
      limit: 5,
      used: 2,
      remaining: 3,
      source: 'store',
    })
    expect(first.policies).toMatchObject([{ key: 'ada', cost: 2, mode: 'enforce', windowMs: HOUR }])
    expect(first.at).toBeGreaterThanOrEqual(from)
    expect(first.at).toBeLessThanOrEqual(Date.now())
    expect(await limiter.take('ada', { cost: 3 })).toMatchObject({ allowed: true, remaining: 0 })
    const refused = await limiter.take('ada')
    expect(refused).toMatchObject({ allowed: false, limit: 5, used: 5, remaining: 0 })
    for (const ms of [first.resetMs, refused.resetMs, refused.retryAfterMs]) {
      expect(ms).toBeGreaterThan(HOUR - 10_000)
      expect(ms).toBeLessThanOrEqual(HOUR)
    }
    expect(await limiter.take('bob')).toMatchObject({ allowed: true, remaining: 4 })
  })

  it('lets exactly its points pass of 50 at once', async () => {
    const limiter = await bridge()
    const decisions = await Promise.all(Array.from({ length: 50 }, () => limiter.take('ada')))
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5)
    expect(decisions.filter(({ source }) => source === 'store')).toHaveLength(50)
  })

  it('peeks, and takes nothing at no cost, without a trace', async () => {
    const flexible = await place.make({ points: 5, duration: 3600 })
    const limiter = fromRateLimiterFlexible(flexible)
    expect(await limiter.peek('ada')).toMatchObject({ allowed: true, used: 0, remaining: 5, resetMs: 0 })
    expect(await limiter.take('ada', { cost: 0 })).toMatchObject({ allowed: true, remaining: 5 })
    expect(await flexible.get('ada')).toBeNull()
    await limiter.take('ada', { cost: 3 })
    expect(await limiter.peek('ada', { cost: 2 })).toMatchObject({ allowed: true, used: 3, remaining: 2 })
    const refused = await limiter.peek('ada', { cost: 3 })
    expect(refused).toMatchObject({ allowed: false, used: 3, remaining: 2 })
    expect(refused.retryAfterMs).toBeGreaterThan(HOUR - 10_000)
    expect((await flexible.get('ada'))?.consumedPoints).toBe(3)
  })

  it('charges a penalty whether it fits or not', async () => {
    const limiter = await bridge()
    expect(await limiter.penalty('ada')).toMatchObject({ allowed: true, used: 1, remaining: 4 })
    expect(await limiter.penalty('ada', 4)).toMatchObject({ allowed: true, used: 5, remaining: 0 })
    const over = await limiter.penalty('ada', 2)
    expect(over).toMatchObject({ allowed: false, used: 5, remaining: 0 })
    expect(over.retryAfterMs).toBeGreaterThan(HOUR - 10_000)
    expect(over.retryAfterMs).toBeLessThanOrEqual(HOUR)
    const huge = await limiter.penalty('bob', 9)
    expect(huge).toMatchObject({ allowed: false, remaining: 0 })
    expect(huge.retryAfterMs).toBeLessThanOrEqual(HOUR)
    expect(await limiter.peek('bob')).toMatchObject({ allowed: false })
    expect(await limiter.penalty('eve', 0)).toMatchObject({ allowed: true, remaining: 5 })
  })

  it('refunds a decision, a part of it or all, once', async () => {
    const limiter = await bridge()
    const decision = await limiter.take('ada', { cost: 4 })
    await limiter.refund(decision, { cost: 3 })
    expect(await limiter.peek('ada')).toMatchObject({ used: 1 })
    await limiter.refund(decision)
    expect(await limiter.peek('ada')).toMatchObject({ used: 1 })
    await limiter.refund(await limiter.take('ada', { cost: 4 }))
    expect(await limiter.peek('ada')).toMatchObject({ used: 1 })
    await limiter.refund(await limiter.take('bob'))
    expect(await limiter.peek('bob')).toMatchObject({ used: 0, resetMs: 0 })
    await limiter.refund(await limiter.penalty('ada', 2))
    expect(await limiter.peek('ada')).toMatchObject({ used: 1 })
    await limiter.take('ada', { cost: 4 })
    await limiter.refund(await limiter.take('ada'))
    expect(await limiter.peek('ada')).toMatchObject({ used: 5 })
  })

  it('settles what was reserved', async () => {
    const limiter = await bridge()
    const less = await limiter.reserve('ada', { cost: 4 })
    await less.settle(1)
    expect(await limiter.peek('ada')).toMatchObject({ used: 1 })
    const more = await limiter.reserve('ada', { cost: 1 })
    await more.settle(3)
    expect(await limiter.peek('ada')).toMatchObject({ used: 4 })
    const none = await limiter.reserve('ada', { cost: 1 })
    await none.cancel()
    expect(await limiter.peek('ada')).toMatchObject({ used: 4 })
  })

  it('resets a key, and that of a decision', async () => {
    const limiter = await bridge()
    await limiter.take('ada', { cost: 5 })
    await limiter.reset('ada')
    const decision = await limiter.take('ada', { cost: 5 })
    expect(decision.allowed).toBe(true)
    await limiter.reset(decision)
    expect(await limiter.peek('ada')).toMatchObject({ used: 0 })
    await expect(limiter.resetAll()).rejects.toThrow('rate-limiter-flexible does not list its keys')
  })

  it('counts together with what uses the limiter itself', async () => {
    const flexible = await place.make({ points: 5, duration: 3600 })
    const limiter = fromRateLimiterFlexible(flexible)
    await limiter.take('ada', { cost: 2 })
    await flexible.consume('ada', 2)
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, remaining: 0 })
    await flexible.block('bob', 60)
    const blocked = await limiter.take('bob')
    expect(blocked.allowed).toBe(false)
    expect(blocked.retryAfterMs).toBeGreaterThan(50_000)
    expect(blocked.retryAfterMs).toBeLessThanOrEqual(60_000)
    const other = fromRateLimiterFlexible(flexible, { name: 'other' })
    expect(await other.peek('ada')).toMatchObject({ policy: 'other', used: 5 })
  })

  it('never gets points back where its duration is 0', async () => {
    const limiter = await bridge(0)
    const decision = await limiter.take('ada', { cost: 5 })
    expect(decision).toMatchObject({ allowed: true, remaining: 0, resetMs: Infinity })
    expect(decision.policies).toMatchObject([{ windowMs: Infinity }])
    const refused = { allowed: false, retryAfterMs: Infinity, resetMs: Infinity }
    expect(await limiter.take('ada')).toMatchObject(refused)
    expect(await limiter.peek('ada')).toMatchObject(refused)
    await limiter.reset('ada')
    await limiter.refund(await limiter.take('ada', { cost: 5 }), { cost: 1 })
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, remaining: 0 })
  })
})

describe('misuse', () => {
  it('is told at once', async () => {
    const flexible = (points: number, duration = 1): RateLimiterMemory =>
      new RateLimiterMemory({ points, duration })
    const limiter = fromRateLimiterFlexible(flexible(5))
    expect(thrown(() => fromRateLimiterFlexible(flexible(-1)))).toMatch(
      /^RangeError: limiter.points must be a whole number from 0 to \d+, got -1$/,
    )
    expect(thrown(() => fromRateLimiterFlexible(flexible(1.5)))).toMatch(/^RangeError: limiter.points/)
    expect(thrown(() => fromRateLimiterFlexible(flexible(1, 316_224_001)))).toBe(
      'RangeError: limiter.duration must be a number of seconds from 0 to 316224000, got 316224001',
    )
    expect(thrown(() => limiter.update({ limit: 1, window: 1 }))).toMatch('set points there')
    expect(thrown(() => limiter.acquire('ada'))).toMatch('needs concurrency()')
    expect(thrown(() => limiter.penalty(''))).toMatch("key must be non-empty text, got ''")
    expect(thrown(() => limiter.penalty('ada', 1.5))).toMatch('units must be a whole number from 0')
    await limiter.close()
    expect(thrown(() => limiter.penalty('ada'))).toMatch('the limiter is closed')
    expect(thrown(() => limiter.take('ada'))).toMatch('the limiter is closed')
  })
})
