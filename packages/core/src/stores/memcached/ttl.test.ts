import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lifetime } from './ttl.ts'

const DAY = 86_400
const now = Date.UTC(2026, 10, 22) / 1000

describe('the lifetime of an item', () => {
  beforeEach(() => void vi.useFakeTimers({ now: now * 1000 + 999 }))
  afterEach(() => void vi.useRealTimers())

  it('is whole seconds, and one more than it takes', () => {
    expect([1, 500, 1000, 1500, 60_000].map((ms) => lifetime(ms, 1))).toEqual([2, 2, 2, 3, 61])
  })

  it('is never for ever, nor over before it began', () => {
    expect([0, -1, -1e12].map((ms) => lifetime(ms, 1))).toEqual([1, 1, 1])
  })

  it('above 30 days is a time since 1970', () => {
    expect(lifetime((30 * DAY - 1) * 1000, 1)).toBe(30 * DAY)
    expect(lifetime(30 * DAY * 1000, 1)).toBe(now + 30 * DAY + 1)
    expect(lifetime(3660 * DAY * 1000, 1)).toBe(now + 3660 * DAY + 1)
  })

  it('is at least as long as asked for', () => {
    expect(lifetime(1, 3600)).toBe(3600)
    expect(lifetime(31 * DAY * 1000, 3600)).toBe(now + 31 * DAY + 1)
  })

  it('stays within what the server can read', () => {
    vi.setSystemTime(Date.UTC(2035, 0, 1))
    expect(lifetime(3660 * DAY * 1000, 1)).toBe(2 ** 31 - 1)
    vi.setSystemTime(Date.UTC(2040, 0, 1))
    expect(lifetime(3660 * DAY * 1000, 1)).toBe(30 * DAY)
  })
})
