import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { fixedWindow } from './fixed-window.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const three = fixedWindow({ limit: 3, window: '1m' })

describe('fixedWindow', () => {
  it('opens at the first charge and ends one window later, to the millisecond', () => {
    const key = oneKey(three)
    expect(key.take(noon + 5000)).toEqual(allowed(2, 60_000))
    expect(key.take(noon + 35_000)).toEqual(allowed(1, 30_000))
    expect(key.take(noon + 64_998)).toEqual(allowed(0, 2))
    expect(key.take(noon + 64_999)).toEqual(denied(0, 1))
    expect(key.take(noon + 65_000)).toEqual(allowed(2, 60_000))
  })

  it('lets twice the limit pass around an edge, and then nothing', () => {
    const key = oneKey(three)
    key.take(noon)
    expect(key.take(noon + 59_999, 2)).toEqual(allowed(0, 1))
    expect(key.take(noon + 60_000, 3)).toEqual(allowed(0, 60_000))
    expect(key.take(noon + 60_001)).toEqual(denied(0, 59_999))
  })

  it('charges nothing for what it refuses, so smaller costs still fit', () => {
    const key = oneKey(three)
    key.take(noon)
    expect(key.take(noon + 1, 3)).toEqual(denied(2, 59_999))
    expect(key.take(noon + 2, 2)).toEqual(allowed(0, 59_998))
  })

  it('never fits a cost above the limit, and has no window for it', () => {
    const key = oneKey(three)
    expect(key.take(noon, 4)).toEqual(denied(3, Infinity, 0))
    key.take(noon, 2)
    expect(key.take(noon + 10_000, 4)).toEqual(denied(1, Infinity, 50_000))
    expect(oneKey(fixedWindow({ limit: 0, window: 1 })).take(noon)).toEqual(denied(0, Infinity, 0))
  })

  it('opens no window for a cost of 0', () => {
    const key = oneKey(three)
    expect(key.take(noon, 0)).toEqual(allowed(3, 0))
    expect(key.ttlMs(noon)).toBe(0)
    expect(key.take(noon + 50_000)).toEqual(allowed(2, 60_000))
    expect(key.take(noon + 60_000, 0)).toEqual(allowed(2, 50_000))
  })

  it('waits for the end of a debt, which the next window does not inherit', () => {
    const key = oneKey(three)
    key.force(noon, 10)
    expect(key.ask(noon + 1000)).toEqual(denied(0, 59_000))
    expect(key.ask(noon + 1000, 0)).toEqual(allowed(0, 59_000))
    expect(key.take(noon + 60_000)).toEqual(allowed(2, 60_000))
  })
})

describe("fixedWindow with align: 'clock'", () => {
  it('starts windows at whole multiples of their length', () => {
    const key = oneKey(fixedWindow({ limit: 3, window: '1m', align: 'clock' }))
    expect(key.take(noon + 20_000)).toEqual(allowed(2, 40_000))
    expect(key.take(noon + 59_999, 2)).toEqual(allowed(0, 1))
    expect(key.ask(noon + 59_999)).toEqual(denied(0, 1))
    expect(key.take(noon + 60_000, 3)).toEqual(allowed(0, 60_000))
  })

  it('moves a window that is under way to the edge before it', () => {
    const key = oneKey(three)
    key.take(noon + 20_000)
    const aligned = key.under(fixedWindow({ limit: 3, window: '30s', align: 'clock' }))
    expect(aligned.ask(noon + 20_001, 0)).toEqual(allowed(2, 9999))
    expect(aligned.ask(noon + 30_000, 0)).toEqual(allowed(3, 0))
  })
})

describe('a refund to a fixedWindow', () => {
  it('counts in the window that it was charged in', () => {
    const key = oneKey(three)
    key.take(noon, 3)
    key.refund(noon + 10_000, 2, noon)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(2, 50_000))
    key.refund(noon + 10_000, 1, noon - 1)
    key.refund(noon + 10_000, 1, noon + 60_000)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(2, 50_000))
  })

  it('never gives more than was used, and leaves a key as if never seen', () => {
    const key = oneKey(three)
    key.take(noon, 2)
    key.refund(noon + 10_000, 5, noon)
    expect(key.ttlMs(noon + 10_000)).toBe(0)
    expect(key.take(noon + 20_000)).toEqual(allowed(2, 60_000))
  })

  it('comes too late when the window is over', () => {
    const key = oneKey(three)
    key.take(noon)
    key.refund(noon + 60_000, 1, noon)
    key.take(noon + 60_000)
    key.refund(noon + 60_001, 1, noon)
    expect(key.ask(noon + 60_001, 0)).toEqual(allowed(2, 59_999))
  })
})

describe('a fixedWindow whose parameters change', () => {
  it('keeps start and count', () => {
    const key = oneKey(three)
    key.take(noon, 2)
    expect(key.under(fixedWindow({ limit: 10, window: '1m' })).ask(noon + 1, 0)).toEqual(allowed(8, 59_999))
    expect(key.under(fixedWindow({ limit: 1, window: '1m' })).ask(noon + 1)).toEqual(denied(0, 59_999))
    expect(key.under(fixedWindow({ limit: 3, window: '2m' })).ask(noon + 1, 0)).toEqual(allowed(1, 119_999))
  })

  it('takes a window that is over by either length as over', () => {
    const key = oneKey(three)
    key.take(noon, 2)
    const shorter = key.under(fixedWindow({ limit: 3, window: '10s' }))
    expect(shorter.ask(noon + 9999, 0)).toEqual(allowed(1, 1))
    expect(shorter.ask(noon + 10_000, 0)).toEqual(allowed(3, 0))
    const other = oneKey(three)
    other.take(noon, 2)
    const longer = other.under(fixedWindow({ limit: 3, window: '1h' }))
    expect(longer.take(noon + 60_000)).toEqual(allowed(2, 3_600_000))
  })
})

describe('a clock that steps back under a fixedWindow', () => {
  const one = fixedWindow({ limit: 1, window: '1m' })
  it('stands still for up to a minute, and waits include the gap', () => {
    const key = oneKey(one)
    key.take(noon)
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 120_000))
  })

  it('starts the window anew when it is further back, with what was used', () => {
    const key = oneKey(one)
    key.take(noon)
    expect(key.take(noon - 60_001)).toEqual(denied(0, 60_000))
    expect(key.take(noon - 2)).toEqual(denied(0, 1))
    expect(key.take(noon - 1)).toEqual(allowed(0, 60_000))
  })

  it('is waited for as long as the window is, if that is more than a minute', () => {
    const key = oneKey(fixedWindow({ limit: 1, window: '1h' }))
    key.take(noon)
    expect(key.ask(noon - 3_600_000)).toEqual(denied(0, 7_200_000))
    expect(key.ask(noon - 3_600_001)).toEqual(denied(0, 3_600_000))
  })
})
