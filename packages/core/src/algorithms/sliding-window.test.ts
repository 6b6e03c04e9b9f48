import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { slidingWindow } from './sliding-window.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const ten = slidingWindow({ limit: 10, window: '10s' })

describe('slidingWindow', () => {
  it('tells the end of the counter as the reset: 20 s into a minute, 40 s', () => {
    const key = oneKey(slidingWindow({ limit: 100, window: '1m' }))
    expect(key.take(noon + 20_000)).toEqual(allowed(99, 40_000))
  })

  it('gives the units of the last window back one by one, as it leaves', () => {
    const key = oneKey(ten)
    expect(key.take(noon, 10)).toEqual(allowed(0, 10_000))
    expect(key.take(noon + 9999)).toEqual(denied(0, 1001))
    expect(key.take(noon + 10_999)).toEqual(denied(0, 1))
    expect(key.take(noon + 11_000)).toEqual(allowed(0, 9000))
    expect(key.take(noon + 11_000)).toEqual(denied(0, 1000))
    // 10 * 0.5 of the last window and 1 of this one count: 4 are free.
    expect(key.take(noon + 15_000, 4)).toEqual(allowed(0, 5000))
    expect(key.ask(noon + 20_000, 0)).toEqual(allowed(5, 10_000))
  })

  it('waits for a cost until what counts has faded far enough, in this window or the next', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    key.take(noon + 12_000, 2)
    // In this window: 10 * (1 - e) + 2 + 3 <= 10 from e = 0.5 on.
    expect(key.ask(noon + 12_000, 3)).toEqual(denied(0, 3000))
    // In the next one, where 2 * (1 - e) + 9 <= 10 from e = 0.5 on.
    expect(key.ask(noon + 12_000, 9)).toEqual(denied(0, 13_000))
    expect(key.ask(noon + 12_000, 8)).toEqual(denied(0, 8000))
    expect(key.ask(noon + 12_000, 11)).toEqual(denied(0, Infinity, 8000))
    expect(key.ask(noon + 24_999, 9)).toEqual(denied(8, 1))
    expect(key.ask(noon + 25_000, 9)).toEqual(allowed(0, 5000))
  })

  it('rounds a free fraction of a unit down', () => {
    const key = oneKey(slidingWindow({ limit: 3, window: 1000 }))
    key.take(noon, 3)
    expect(key.ask(noon + 1333)).toEqual(denied(0, 1))
    expect(key.ask(noon + 1334)).toEqual(allowed(0, 666))
    expect(key.ask(noon + 1999, 2)).toEqual(allowed(0, 1))
  })

  it('forgets both counters after two windows', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    expect(key.ttlMs(noon)).toBe(20_000)
    expect(key.ask(noon + 20_000, 0)).toEqual(allowed(10, 0))
    expect(key.take(noon + 39_999)).toEqual(allowed(9, 1))
    expect(key.ttlMs(noon + 39_999)).toBe(10_001)
    expect(key.ask(noon + 41_000, 0)).toEqual(allowed(9, 9000))
  })

  it('carries a debt over and lets it fade', () => {
    const key = oneKey(ten)
    key.force(noon, 20)
    expect(key.ask(noon, 0)).toEqual(allowed(0, 10_000))
    expect(key.ask(noon)).toEqual(denied(0, 15_500))
    expect(key.ask(noon + 15_500)).toEqual(allowed(0, 4500))
  })
})

describe('a slidingWindow whose parameters change', () => {
  it('keeps what its counters weigh, rounded up', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    key.take(noon + 13_000, 2)
    // 10 * 0.65 + 2 = 8.5 weigh 9.
    const longer = key.under(slidingWindow({ limit: 100, window: '20s' }))
    expect(longer.ask(noon + 13_500, 0)).toEqual(allowed(91, 6500))
  })

  it('keeps its counters as they are where only the limit changes', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    expect(key.under(slidingWindow({ limit: 20, window: '10s' })).ask(noon, 0)).toEqual(allowed(10, 10_000))
    expect(key.under(slidingWindow({ limit: 5, window: '10s' })).ask(noon)).toEqual(denied(0, 16_000))
  })

  it('has forgotten what both windows of the old length have left', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    const longer = key.under(slidingWindow({ limit: 100, window: '1h' }))
    expect(longer.ask(noon + 20_000, 0)).toEqual(allowed(100, 0))
  })
})

describe('a clock that steps back under a slidingWindow', () => {
  it('stands still at the start of the window for up to a minute', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 71_000))
    expect(key.ask(noon - 60_000, 0)).toEqual(allowed(0, 70_000))
  })

  it('stands still where both counts are alike, too', () => {
    const key = oneKey(ten)
    key.take(noon, 2)
    key.take(noon + 10_000, 2)
    expect(key.ask(noon + 5000, 0)).toEqual(allowed(6, 15_000))
  })

  it('takes the new time when it is further back, with both counts', () => {
    const key = oneKey(ten)
    key.take(noon, 4)
    key.take(noon + 10_000, 2)
    expect(key.ask(noon - 55_000, 0)).toEqual(allowed(6, 5000))
  })
})
