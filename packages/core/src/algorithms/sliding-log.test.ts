import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { slidingLog } from './sliding-log.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const three = slidingLog({ limit: 3, window: '10s' })

describe('slidingLog', () => {
  it('lets each charge leave exactly one window after it was made', () => {
    const key = oneKey(three)
    expect(key.take(noon)).toEqual(allowed(2, 10_000))
    expect(key.take(noon + 4000)).toEqual(allowed(1, 10_000))
    expect(key.take(noon + 7000)).toEqual(allowed(0, 10_000))
    expect(key.take(noon + 8000)).toEqual(denied(0, 2000, 9000))
    expect(key.take(noon + 9999)).toEqual(denied(0, 1, 7001))
    expect(key.take(noon + 10_000)).toEqual(allowed(0, 10_000))
    expect(key.take(noon + 10_001)).toEqual(denied(0, 3999, 9999))
  })

  it('waits until enough of the oldest charges have left', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon + 4000)
    key.take(noon + 7000)
    expect(key.ask(noon + 8000, 2)).toEqual(denied(0, 6000, 9000))
    expect(key.ask(noon + 8000, 3)).toEqual(denied(0, 9000))
    expect(key.ask(noon + 8000, 4)).toEqual(denied(0, Infinity, 9000))
    expect(key.ask(noon + 14_000, 2)).toEqual(allowed(0, 10_000))
    expect(key.ask(noon + 14_000, 0)).toEqual(allowed(2, 3000))
  })

  it('keeps one entry a millisecond', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon, 2)
    expect(key.ask(noon)).toEqual(denied(0, 10_000))
    expect(key.text().split(',').length).toBe(3)
  })

  it('keeps only what still counts, however long it goes on', () => {
    const key = oneKey(slidingLog({ limit: 50, window: 50 }))
    for (let ms = 0; ms < 500; ms++) expect(key.take(noon + ms)).toEqual(allowed(Math.max(0, 49 - ms), 50))
    expect(key.text().split(',').length).toBe(1 + 2 * 50)
    expect(key.ask(noon + 499)).toEqual(denied(0, 1, 50))
    expect(key.ask(noon + 524, 25)).toEqual(allowed(0, 50))
  })

  it('asks for nothing with a cost of 0, and nothing is left after a window', () => {
    const key = oneKey(three)
    expect(key.take(noon, 0)).toEqual(allowed(3, 0))
    expect(key.ttlMs(noon)).toBe(0)
    key.take(noon)
    expect(key.ttlMs(noon + 1)).toBe(9999)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(3, 0))
  })

  it('carries a debt until enough of it has left', () => {
    const key = oneKey(three)
    key.force(noon, 2)
    key.force(noon + 1000, 4)
    expect(key.ask(noon + 1000, 0)).toEqual(allowed(0, 10_000))
    expect(key.ask(noon + 1000)).toEqual(denied(0, 10_000))
  })
})

describe('a slidingLog whose parameters change', () => {
  it('keeps every entry that counts', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon + 4000)
    expect(key.under(slidingLog({ limit: 10, window: '10s' })).ask(noon + 4000, 0)).toEqual(
      allowed(8, 10_000),
    )
    const longer = key.under(slidingLog({ limit: 10, window: '1m' }))
    expect(longer.ask(noon + 10_000, 0)).toEqual(allowed(9, 54_000))
  })

  it('lets entries leave by the new window', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon + 4000)
    const shorter = key.under(slidingLog({ limit: 3, window: '5s' }))
    expect(shorter.ask(noon + 5000, 0)).toEqual(allowed(2, 4000))
    expect(shorter.ask(noon + 9000, 0)).toEqual(allowed(3, 0))
  })
})

describe('a clock that steps back under a slidingLog', () => {
  it('stands still at the newest entry for up to a minute', () => {
    const key = oneKey(three)
    key.take(noon, 2)
    expect(key.take(noon - 60_000)).toEqual(allowed(0, 70_000))
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 70_000))
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(3, 0))
  })

  it('takes the new time when it is further back, with every entry', () => {
    const key = oneKey(three)
    key.take(noon, 1)
    key.take(noon + 4000, 2)
    expect(key.take(noon - 56_001)).toEqual(denied(0, 6000, 10_000))
    expect(key.take(noon - 50_002)).toEqual(denied(0, 1, 4001))
    expect(key.take(noon - 50_001)).toEqual(allowed(0, 10_000))
  })
})
