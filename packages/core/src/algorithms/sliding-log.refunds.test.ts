import { describe, expect, it } from 'vitest'
import { allowed, denied, oneKey } from '../testing/one-key.ts'
import { slidingLog } from './sliding-log.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const three = slidingLog({ limit: 3, window: '10s' })

describe('a refund to a slidingLog', () => {
  it('takes the entry of that very millisecond, whole or in part', () => {
    const key = oneKey(three)
    key.take(noon, 2)
    key.take(noon + 1000)
    key.refund(noon + 2000, 1, noon)
    key.refund(noon + 2000, 1, noon + 999)
    expect(key.ask(noon + 2000, 0)).toEqual(allowed(1, 9000))
    key.refund(noon + 2000, 5, noon + 1000)
    expect(key.ask(noon + 2000, 0)).toEqual(allowed(2, 8000))
  })

  it('does nothing for what has left', () => {
    const key = oneKey(three)
    key.take(noon, 3)
    key.take(noon + 10_000)
    key.refund(noon + 10_000, 3, noon)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(2, 10_000))
  })

  it('leaves a key as if never seen when nothing is left', () => {
    const key = oneKey(three)
    key.take(noon)
    key.refund(noon + 1, 1, noon)
    expect(key.ttlMs(noon + 1)).toBe(0)
    expect(key.ask(noon + 1, 0)).toEqual(allowed(3, 0))
  })
})

describe('a refund to a slidingLog of what has left', () => {
  it('does nothing, whether or not a charge has come since', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon + 4000)
    key.refund(noon + 10_000, 1, noon)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(2, 4000))
    key.take(noon + 10_000)
    key.refund(noon + 10_000, 1, noon)
    expect(key.ask(noon + 10_000, 0)).toEqual(allowed(1, 10_000))
  })

  it('does nothing when a clock that stepped back has made it young again', () => {
    const key = oneKey(three)
    key.take(noon, 3)
    key.take(noon + 10_000)
    key.refund(noon + 10_000, 1, noon + 10_000)
    key.refund(noon + 1, 3, noon)
    expect(key.take(noon + 1, 3)).toEqual(allowed(0, 10_000))
    expect(key.ask(noon + 10_000)).toEqual(denied(0, 1))
  })
})

describe('a refund to a slidingLog of its newest entry', () => {
  it('does not bring back what had left by then, not even when the clock steps back', () => {
    const key = oneKey(three)
    key.take(noon)
    key.take(noon + 4000)
    key.refund(noon + 10_000, 1, noon + 4000)
    expect(key.ask(noon + 9999, 0)).toEqual(allowed(3, 0))
  })

  it('lets the next charge have its millisecond, or that of an entry that has left', () => {
    const key = oneKey(three)
    key.take(noon, 3)
    key.take(noon + 10_000)
    key.refund(noon + 10_000, 1, noon + 10_000)
    expect(key.take(noon, 2)).toEqual(allowed(1, 10_000))
    expect(key.ask(noon + 9999, 2)).toEqual(denied(1, 1))
    expect(key.ask(noon + 10_000, 3)).toEqual(allowed(0, 10_000))
  })
})
