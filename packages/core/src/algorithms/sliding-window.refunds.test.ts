import { describe, expect, it } from 'vitest'
import { allowed, oneKey } from '../testing/one-key.ts'
import { slidingWindow } from './sliding-window.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const ten = slidingWindow({ limit: 10, window: '10s' })

describe('a refund to a slidingWindow', () => {
  it('goes to the counter that holds the charge', () => {
    const key = oneKey(ten)
    key.take(noon + 1000, 6)
    key.take(noon + 11_000, 2)
    key.refund(noon + 15_000, 2, noon + 1000)
    key.refund(noon + 15_000, 1, noon + 11_000)
    // 4 * 0.5 and 1 are left.
    expect(key.ask(noon + 15_000, 0)).toEqual(allowed(7, 5000))
    key.refund(noon + 15_000, 9, noon + 9999)
    expect(key.ask(noon + 15_000, 0)).toEqual(allowed(9, 5000))
    key.refund(noon + 15_000, 9, noon + 10_000)
    expect(key.ask(noon + 15_000, 0)).toEqual(allowed(10, 0))
  })

  it('does nothing for a charge that no counter holds any more', () => {
    const key = oneKey(ten)
    key.take(noon + 9999)
    key.take(noon + 10_000)
    key.take(noon + 20_000)
    key.refund(noon + 20_001, 1, noon + 9999)
    key.refund(noon + 20_001, 1, noon + 30_000)
    expect(key.ask(noon + 20_001, 0)).toEqual(allowed(8, 9999))
    key.refund(noon + 30_000, 1, noon + 20_000)
    expect(key.ask(noon + 30_000, 0)).toEqual(allowed(10, 0))
  })

  it('gives nothing back that has stopped to weigh, even to a clock that steps back', () => {
    const key = oneKey(ten)
    key.take(noon, 4)
    key.take(noon + 10_000, 2)
    key.refund(noon + 20_000, 4, noon)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(4, 10_000))
    key.take(noon + 20_000)
    key.refund(noon + 19_999, 2, noon + 9999)
    expect(key.ask(noon + 20_000, 0)).toEqual(allowed(7, 10_000))
  })
})
