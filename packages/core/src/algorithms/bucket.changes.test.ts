import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)

describe('a tokenBucket that takes on other parameters', () => {
  it('drains at the new speed where only that is new', () => {
    const key = oneKey(tokenBucket({ capacity: 10, refill: 3, per: '1s' }))
    key.take(noon, 9)
    // Both count a unit in 1000 parts.
    const faster = key.under(tokenBucket({ capacity: 10, refill: 7, per: '1s' }))
    expect(faster.take(noon, 2)).toEqual(denied(1, 143, 1286))
    expect(faster.ask(noon + 1000, 0)).toEqual(allowed(8, 286))
  })

  it('counts no part less than was used, and hardly more, where the numbers are too large to be exact', () => {
    const before = tokenBucket({ capacity: 1e9, refill: 1, per: 7919 })
    const after = tokenBucket({ capacity: 1e9, refill: 1, per: 8_640_007 })
    for (const units of [300_000_007, 700_000_001, 999_999_999]) {
      for (let ms = 0; ms < 200; ms++) {
        const key = oneKey(before)
        key.take(noon, units)
        const other = key.under(after)
        other.take(noon + ms, 1e9 + 1)
        const exact = (BigInt(units * 7919 - ms) * 8_640_007n + 7918n) / 7919n
        const more = BigInt(other.text().split(',')[0] as string) - exact
        expect([units, ms, more, more >= 0n && more <= exact >> 49n]).toEqual([units, ms, more, true])
      }
    }
  })
})

describe('how long a tokenBucket matters', () => {
  it('is until the last part has drained', () => {
    const key = oneKey(tokenBucket({ capacity: 3, refill: 3, per: '1s' }))
    key.take(noon)
    expect([key.ttlMs(noon), key.ttlMs(noon + 333), key.ttlMs(noon + 334)]).toEqual([334, 1, 0])
  })

  it('is no time when nothing is used, whatever the clock says', () => {
    const key = oneKey(tokenBucket({ capacity: 10, refill: 5, per: '1s' }))
    key.take(noon, 2)
    key.refund(noon + 100, 2, noon)
    expect([key.ttlMs(noon), key.ttlMs(noon + 100), key.ttlMs(noon + 200)]).toEqual([0, 0, 0])
  })
})
