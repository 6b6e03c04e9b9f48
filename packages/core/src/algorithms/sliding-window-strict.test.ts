import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { slidingWindow } from './sliding-window.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const ten = slidingWindow({ limit: 10, window: '10s', strict: true })

describe('slidingWindow with strict: true', () => {
  it('counts each tenth of the window in full until all of it has left', () => {
    const key = oneKey(ten)
    expect(key.take(noon + 500, 10)).toEqual(allowed(0, 10_500))
    expect(key.take(noon + 600)).toEqual(denied(0, 10_400))
    expect(key.take(noon + 10_999)).toEqual(denied(0, 1))
    expect(key.take(noon + 11_000)).toEqual(allowed(9, 11_000))
  })

  it('never lets more than the limit pass in any trailing window', () => {
    const key = oneKey(ten)
    const passed: number[] = []
    for (let now = noon; now < noon + 60_000; now += 137) if (key.take(now, 1).allowed) passed.push(now)
    for (const end of passed) {
      expect(passed.filter((at) => at > end - 10_000 && at <= end).length).toBeLessThanOrEqual(10)
    }
    // The price: a wait longer by up to a part. In each 11 s the limit passes once.
    expect(passed.length).toBe(60)
  })

  it('waits until enough of the oldest parts have left', () => {
    const key = oneKey(ten)
    key.take(noon, 3)
    key.take(noon + 2000, 3)
    key.take(noon + 4999, 3)
    expect(key.ask(noon + 5000, 1)).toEqual(allowed(0, 11_000))
    expect(key.ask(noon + 5000, 4)).toEqual(denied(1, 6000, 10_000))
    expect(key.ask(noon + 5000, 5)).toEqual(denied(1, 8000, 10_000))
    expect(key.ask(noon + 5000, 7)).toEqual(denied(1, 8000, 10_000))
    expect(key.ask(noon + 5000, 8)).toEqual(denied(1, 10_000))
    expect(key.ask(noon + 5000, 11)).toEqual(denied(1, Infinity, 10_000))
    expect(key.ask(noon + 13_000, 7)).toEqual(allowed(0, 11_000))
    expect(key.ask(noon + 13_000, 8)).toEqual(denied(7, 2000))
  })

  it('keeps at most eleven counts', () => {
    const key = oneKey(ten)
    for (let second = 0; second < 100; second++) key.take(noon + second * 1000)
    expect(key.text().split(',').length).toBeLessThanOrEqual(11 + 3)
    expect(key.take(noon + 200_000, 10)).toEqual(allowed(0, 11_000))
    expect(key.text().split(',').length).toBeLessThanOrEqual(11 + 3)
  })

  it('reads no more than eleven counts, the newest, from a text', () => {
    const text = (counts: number): string => [noon, 10_000, ...Array<number>(counts).fill(1)].join(',')
    expect(ten.encode(ten.decode(text(11)))).toBe(text(11))
    expect(ten.encode(ten.decode(`${text(11)},2,2`))).toBe(text(11))
  })

  it('rounds the length of a part up, for windows of any length', () => {
    const odd = oneKey(slidingWindow({ limit: 1, window: 25, strict: true }))
    // Parts of 3 ms: one that begins at a multiple of 3 has left 28 ms later.
    const start = noon - (noon % 3)
    expect(odd.take(start)).toEqual(allowed(0, 28))
    expect(odd.take(start + 27)).toEqual(denied(0, 1))
    expect(odd.take(start + 28)).toEqual(allowed(0, 27))
    const shortest = oneKey(slidingWindow({ limit: 1, window: 1, strict: true }))
    expect(shortest.take(noon)).toEqual(allowed(0, 2))
    expect(shortest.take(noon + 1)).toEqual(denied(0, 1))
    expect(shortest.take(noon + 2)).toEqual(allowed(0, 2))
  })

  it('asks for nothing with a cost of 0', () => {
    const key = oneKey(ten)
    expect(key.ask(noon, 0)).toEqual(allowed(10, 0))
    key.take(noon + 400, 4)
    expect(key.ask(noon + 1500, 0)).toEqual(allowed(6, 9500))
    expect(key.ttlMs(noon + 1500)).toBe(9500)
  })

  it('carries a debt until all of it has left', () => {
    const key = oneKey(ten)
    key.force(noon, 25)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(0, 10_999))
    expect(key.ask(noon + 1)).toEqual(denied(0, 10_999))
  })
})

describe('a refund to a strict slidingWindow', () => {
  it('goes to the part that holds the charge', () => {
    const key = oneKey(ten)
    key.take(noon + 100, 4)
    key.take(noon + 1000, 4)
    key.refund(noon + 2500, 3, noon + 999)
    expect(key.ask(noon + 2500, 6)).toEqual(denied(5, 8500, 9500))
    key.refund(noon + 2500, 9, noon + 1999)
    expect(key.ask(noon + 2500, 0)).toEqual(allowed(9, 8500))
  })

  it('does nothing for a part that has left or was never counted', () => {
    const key = oneKey(ten)
    key.take(noon, 4)
    key.refund(noon + 11_000, 4, noon)
    key.refund(noon + 500, 4, noon - 1)
    key.refund(noon + 500, 4, noon + 1000)
    expect(key.ask(noon + 500, 0)).toEqual(allowed(6, 10_500))
    key.refund(noon + 10_999, 4, noon)
    expect(key.ttlMs(noon + 10_999)).toBeLessThanOrEqual(0)
  })
})

describe('a strict slidingWindow whose parameters change', () => {
  it('counts what counts by the old window as if charged at the last charge', () => {
    const key = oneKey(ten)
    key.take(noon, 2)
    key.take(noon + 5000, 3)
    const other = key.under(slidingWindow({ limit: 100, window: '20s', strict: true }))
    expect(other.ask(noon + 11_000, 0)).toEqual(allowed(97, 15_000))
    expect(other.take(noon + 11_000, 98)).toEqual(denied(97, 15_000, 15_000))
    expect(other.text()).toBe(`${noon + 5000},20000,3`)
  })

  it('keeps its parts where only the limit changes', () => {
    const key = oneKey(ten)
    key.take(noon, 10)
    const larger = key.under(slidingWindow({ limit: 12, window: '10s', strict: true }))
    expect(larger.ask(noon + 500, 0)).toEqual(allowed(2, 10_500))
  })
})

describe('a clock that steps back under a strict slidingWindow', () => {
  it('stands still at the start of the newest part for up to a minute', () => {
    const key = oneKey(ten)
    key.take(noon + 500, 10)
    expect(key.ask(noon - 60_000)).toEqual(denied(0, 71_000))
  })

  it('takes the new time when it is further back, with all parts', () => {
    const key = oneKey(ten)
    key.take(noon, 4)
    key.take(noon + 1500, 6)
    expect(key.take(noon - 59_001)).toEqual(denied(0, 9001, 10_001))
    expect(key.take(noon - 50_001)).toEqual(denied(0, 1, 1001))
    expect(key.take(noon - 50_000)).toEqual(allowed(3, 11_000))
  })
})
