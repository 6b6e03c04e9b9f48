import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const ten = tokenBucket({ capacity: 10, refill: 5, per: '1s' })

describe('tokenBucket', () => {
  it('forgives a burst, then refills steadily', () => {
    const key = oneKey(ten)
    expect(key.take(noon, 10)).toEqual(allowed(0, 2000))
    expect(key.take(noon + 199)).toEqual(denied(0, 1, 1801))
    expect(key.take(noon + 200)).toEqual(allowed(0, 2000))
    expect(key.ask(noon + 1000, 5)).toEqual(denied(4, 200, 1200))
    expect(key.take(noon + 1200, 5)).toEqual(allowed(0, 2000))
    expect(key.ask(noon + 3200, 0)).toEqual(allowed(10, 0))
  })

  it('never holds more than its capacity', () => {
    const key = oneKey(ten)
    key.take(noon)
    expect(key.ask(noon + 86_400_000, 10)).toEqual(allowed(0, 2000))
    expect(key.ask(noon + 86_400_000, 11)).toEqual(denied(10, Infinity, 0))
    expect(key.ask(noon + 100, 11)).toEqual(denied(9, Infinity, 100))
  })

  it('is exact where a token takes a fraction of a millisecond', () => {
    const key = oneKey(tokenBucket({ capacity: 3, refill: 3, per: 1000 }))
    expect(key.take(noon, 3)).toEqual(allowed(0, 1000))
    expect(key.take(noon + 333)).toEqual(denied(0, 1, 667))
    expect(key.take(noon + 334)).toEqual(allowed(0, 1000))
    expect(key.take(noon + 666)).toEqual(denied(0, 1, 668))
    expect(key.take(noon + 667)).toEqual(allowed(0, 1000))
    expect(key.take(noon + 1000)).toEqual(allowed(0, 1000))
  })

  it('does not drift: three a second are three thousand in a thousand seconds', () => {
    const key = oneKey(tokenBucket({ capacity: 1, refill: 3, per: '1s' }))
    let passed = 0
    for (let now = noon; now < noon + 1_000_000; passed++) now += key.take(now).resetMs
    expect(passed).toBe(2995)
    let bucketful = 0
    const full = oneKey(tokenBucket({ capacity: 3, refill: 3, per: '1s' }))
    for (let second = 0; second < 1000; second++)
      if (full.take(noon + second * 1000, 3).allowed) bucketful += 3
    expect(bucketful).toBe(3000)
  })

  it('asks for nothing with a cost of 0, and nothing is left when it is full', () => {
    const key = oneKey(ten)
    expect(key.take(noon, 0)).toEqual(allowed(10, 0))
    expect(key.ttlMs(noon)).toBe(0)
    key.take(noon, 3)
    expect(key.ttlMs(noon + 100)).toBe(500)
    expect(key.ask(noon + 600, 0)).toEqual(allowed(10, 0))
  })

  it('is in debt until it has refilled beyond empty', () => {
    const key = oneKey(ten)
    key.force(noon, 15)
    expect(key.ask(noon, 0)).toEqual(allowed(0, 3000))
    expect(key.ask(noon)).toEqual(denied(0, 1200, 3000))
    expect(key.take(noon + 1200)).toEqual(allowed(0, 2000))
  })

  it('tells how long it takes to drain as its window', () => {
    expect(ten.windowMs).toBe(2000)
    expect(tokenBucket({ capacity: 1, refill: 3, per: '1s' }).windowMs).toBe(334)
    expect(tokenBucket({ capacity: 0, refill: 3, per: '1s' }).windowMs).toBe(1)
  })
})

describe('a refund to a tokenBucket', () => {
  it('gives back what the bucket still feels of the charge', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    key.refund(noon + 400, 4, noon)
    expect(key.ask(noon + 400, 0)).toEqual(allowed(4, 1200))
    key.refund(noon + 600, 1, noon)
    expect(key.ask(noon + 600, 0)).toEqual(allowed(5, 1000))
  })

  it('never fills it above full', () => {
    const key = oneKey(ten)
    key.take(noon, 2)
    key.refund(noon + 100, 10, noon + 100)
    expect(key.ttlMs(noon + 100)).toBe(0)
    expect(key.ask(noon + 100, 0)).toEqual(allowed(10, 0))
  })

  it('gives no more back when time has stepped back', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    key.refund(noon - 1000, 4, noon)
    expect(key.ask(noon, 0)).toEqual(allowed(4, 1200))
  })
})

describe('a tokenBucket whose parameters change', () => {
  it('keeps the units that were used, rounded up to a part', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    const larger = key.under(tokenBucket({ capacity: 100, refill: 3, per: '1s' }))
    expect(larger.ask(noon + 200, 0)).toEqual(allowed(91, 3000))
    expect(larger.take(noon + 200, 92)).toEqual(denied(91, 334, 3000))
    // 9 units at 3 a second for 100 ms: 8.7 are left.
    const back = larger.under(tokenBucket({ capacity: 10, refill: 7, per: '1s' }))
    expect(back.ask(noon + 300, 0)).toEqual(allowed(1, 1243))
  })

  it('goes on as it was where it was only asked for by other parameters', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    key.under(tokenBucket({ capacity: 100, refill: 3, per: '1s' })).ask(noon + 200)
    expect(key.ask(noon + 400, 0)).toEqual(allowed(2, 1600))
  })

  it('drains at its old speed until the change', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    const slow = key.under(tokenBucket({ capacity: 10, refill: 1, per: '1h' }))
    expect(slow.ask(noon + 1000, 0)).toEqual(allowed(5, 5 * 3_600_000))
  })
})

describe('a clock that steps back under a tokenBucket', () => {
  it('stands still for up to a minute, and waits include the gap', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 60_200, 62_000))
    expect(key.ask(noon - 60_000, 0)).toEqual(allowed(0, 62_000))
  })

  it('takes the new time when it is further back, with what was used', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    expect(key.ask(noon - 60_001)).toEqual(denied(0, 200, 2000))
  })

  it('forgets where it was when it is full', () => {
    const key = oneKey(ten)
    key.take(noon)
    key.refund(noon + 200, 0, noon)
    expect(key.take(noon - 30_000)).toEqual(allowed(9, 200))
  })
})
