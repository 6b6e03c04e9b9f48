import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { concurrency } from './concurrency.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const two = concurrency({ limit: 2, ttl: '30s' })

describe('concurrency', () => {
  it('refuses while all slots are held, until one would expire', () => {
    const key = oneKey(two)
    expect(key.take(noon)).toEqual(allowed(1, 30_000))
    expect(key.take(noon + 10_000)).toEqual(allowed(0, 30_000))
    expect(key.take(noon + 20_000)).toEqual(denied(0, 10_000, 20_000))
    expect(key.ask(noon + 20_000, 2)).toEqual(denied(0, 20_000))
    expect(key.ask(noon + 20_000, 3)).toEqual(denied(0, Infinity, 20_000))
    expect(key.take(noon + 29_999)).toEqual(denied(0, 1, 10_001))
    expect(key.take(noon + 30_000)).toEqual(allowed(0, 30_000))
  })

  it('frees the slot of a receipt, and only once', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon + 10_000)
    key.refund(noon + 20_000, 1, noon)
    expect(key.ask(noon + 20_000, 0)).toEqual(allowed(1, 20_000))
    key.refund(noon + 20_000, 1, noon)
    key.refund(noon + 20_000, 1, noon + 9999)
    expect(key.ask(noon + 20_000, 0)).toEqual(allowed(1, 20_000))
    key.refund(noon + 20_000, 1, noon + 10_000)
    expect(key.ttlMs(noon + 20_000)).toBe(0)
  })

  it('counts slots of one millisecond together and frees them apart', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon)
    key.refund(noon + 1, 1, noon)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(1, 29_999))
    key.refund(noon + 1, 5, noon)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(2, 0))
  })

  it('keeps one entry for the slots of one millisecond, so that a refund can free them all', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon)
    expect(key.text()).toBe(`${noon + 30_000},30000,2`)
    key.refund(noon + 1, 2, noon)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(2, 0))
  })

  it('has nothing to free once a slot has expired', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon + 20_000)
    key.refund(noon + 30_000, 1, noon)
    expect(key.ask(noon + 30_000, 0)).toEqual(allowed(1, 20_000))
    expect(key.ask(noon + 29_999, 0)).toEqual(allowed(0, 20_001))
  })

  it('asks for nothing with a cost of 0', () => {
    const key = oneKey(two)
    expect(key.take(noon, 0)).toEqual(allowed(2, 0))
    expect(key.ttlMs(noon)).toBe(0)
    key.take(noon)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(1, 29_999))
  })

  it('is forced beyond its limit by a renewal, and then waits for two', () => {
    const key = oneKey(two)
    key.take(noon, 2)
    key.force(noon + 1000, 1)
    expect(key.ask(noon + 1000, 0)).toEqual(allowed(0, 30_000))
    expect(key.ask(noon + 1000)).toEqual(denied(0, 29_000, 30_000))
  })
})

describe('a concurrency whose parameters change', () => {
  it('keeps what is held, until when it is held', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon + 1000)
    const other = key.under(concurrency({ limit: 4, ttl: '5s' }))
    expect(other.take(noon + 2000)).toEqual(allowed(1, 29_000))
    other.refund(noon + 3000, 1, noon + 2000)
    expect(other.ask(noon + 3000, 0)).toEqual(allowed(2, 28_000))
  })

  it('tells slots apart that expire together, by when they were taken', () => {
    const key = oneKey(concurrency({ limit: 2, ttl: '90s' }))
    key.take(noon)
    const shorter = key.under(concurrency({ limit: 2, ttl: '60s' }))
    shorter.take(noon + 30_000)
    shorter.refund(noon + 30_000, 1, noon + 30_000)
    expect(shorter.ask(noon + 30_000, 0)).toEqual(allowed(1, 60_000))
    shorter.refund(noon + 30_000, 1, noon)
    expect(shorter.ask(noon + 30_000, 0)).toEqual(allowed(2, 0))
  })

  it('tells waits by the order in which slots expire, not by that in which they were taken', () => {
    const key = oneKey(concurrency({ limit: 2, ttl: '1h' }))
    key.take(noon)
    const brief = key.under(two)
    expect(brief.take(noon + 1000)).toEqual(allowed(0, 3_599_000))
    expect(brief.ask(noon + 2000)).toEqual(denied(0, 29_000, 3_598_000))
  })
})

describe('a clock that steps back under a concurrency', () => {
  it('holds slots until their time comes again, for up to a minute', () => {
    const key = oneKey(two)
    key.take(noon, 2)
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 90_000))
  })

  it('holds them for their time to live when it is further back', () => {
    const key = oneKey(two)
    key.take(noon)
    key.take(noon + 10_000)
    expect(key.take(noon - 50_001)).toEqual(denied(0, 20_000, 30_000))
    expect(key.take(noon - 30_002)).toEqual(denied(0, 1, 10_001))
    expect(key.take(noon - 30_001)).toEqual(allowed(0, 30_000))
  })
})
