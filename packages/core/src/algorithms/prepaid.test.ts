import { chargeOf } from '../charges.ts'
import { memoryStore } from '../stores/memory.ts'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../algorithm.ts'
import { oneKey } from '../testing/one-key.ts'
import { thrown } from '../testing/thrown.ts'
import { prepaid, type PrepaidState } from './prepaid.ts'

const NOW = 1_800_000_000_000
const MOST = Number.MAX_SAFE_INTEGER

/** A key that is owed or owes what its state says. */
const keyWith = (granted: number, used: number): ReturnType<typeof oneKey> =>
  oneKey(prepaid(), { granted, used })

const told = (allowed: boolean, limit: number, remaining: number, resetMs: number): Answer => ({
  allowed,
  limit,
  remaining,
  retryAfterMs: allowed ? 0 : Infinity,
  resetMs,
})

/** The state after a grant. */
function withGrant(before: PrepaidState, units: number): PrepaidState {
  const state = { ...before }
  prepaid().add?.(state, units)
  return state
}

describe('prepaid', () => {
  it('has no window, no parameters, and a quota without bounds that has to be granted', () => {
    const quota = { kind: 'prepaid', limit: 0, maxLimit: Infinity, windowMs: Infinity, lasting: true }
    expect(prepaid()).toMatchObject(quota)
    expect(prepaid().args(NOW)).toEqual([])
  })

  it('has nothing for a key that nothing was granted to', () => {
    const key = oneKey(prepaid())
    expect(key.take(NOW)).toEqual(told(false, 0, 0, 0))
    expect(key.take(NOW, 0)).toEqual(told(true, 0, 0, 0))
    expect(key.text()).toBe('')
  })

  it('gives what was granted and no more, and no wait helps', () => {
    const key = keyWith(5, 0)
    expect(key.ask(NOW, 0)).toEqual(told(true, 5, 5, 0))
    expect(key.take(NOW, 3)).toEqual(told(true, 5, 2, Infinity))
    expect(key.take(NOW, 3)).toEqual(told(false, 5, 2, Infinity))
    expect(key.take(NOW, 2)).toEqual(told(true, 5, 0, Infinity))
    expect(key.take(NOW + 1e12)).toEqual(told(false, 5, 0, Infinity))
  })

  it('owes what is forced, and a grant pays that off first', () => {
    const key = keyWith(5, 0)
    key.force(NOW, 8)
    expect(key.text()).toBe('5,8')
    expect(key.ask(NOW, 1)).toEqual(told(false, 5, 0, Infinity))
    expect(withGrant({ granted: 5, used: 8 }, 2)).toEqual({ granted: 2, used: 3 })
    expect(withGrant({ granted: 2, used: 3 }, 4)).toEqual({ granted: 4, used: 1 })
    expect(keyWith(4, 1).ask(NOW, 3)).toEqual(told(true, 4, 0, Infinity))
  })

  it('counts from the last grant: what was left, and what was added', () => {
    expect(withGrant({ granted: 0, used: 0 }, 5)).toEqual({ granted: 5, used: 0 })
    expect(withGrant({ granted: 5, used: 3 }, 10)).toEqual({ granted: 12, used: 0 })
  })

  it('takes back what was taken, and loses nothing of what was taken before the last grant', () => {
    const key = keyWith(10, 4)
    key.refund(NOW, 3, NOW)
    expect(key.text()).toBe('10,1')
    key.refund(NOW, 3, 1)
    expect(key.text()).toBe('12,0')
  })

  it('lasts for ever while there is anything, also a debt', () => {
    expect(keyWith(5, 5).ttlMs(NOW + 1e12)).toBe(Infinity)
    expect(keyWith(5, 9).ttlMs(NOW)).toBe(Infinity)
    expect(keyWith(0, 0).ttlMs(NOW)).toBe(0)
  })

  it('keeps nothing of who was never granted anything, whatever is charged by force', () => {
    const state = { granted: 0, used: 0 }
    prepaid().charge(state, NOW, 5)
    expect(state).toEqual({ granted: 0, used: 0 })
    const store = memoryStore({ maxKeys: 1 })
    const slot = store.open('credits', prepaid())
    for (let key = 0; key < 3; key++)
      store.take([chargeOf('force', { slot, key: `made up ${key}`, cost: 5 })])
    const { remaining } = store.grant?.(slot, 'made up 0', 7, 'payment') ?? {}
    expect(remaining).toBe(7)
  })

  it('counts exactly up to 2^53 - 1, and refuses what is beyond', () => {
    expect(withGrant({ granted: 1, used: 0 }, MOST - 1)).toEqual({ granted: MOST, used: 0 })
    const state = { granted: 2, used: 0 }
    expect(thrown(() => prepaid().add?.(state, MOST - 1))).toBe(
      `RangeError: units must be few enough for a balance of at most ${MOST}, got ${MOST - 1}`,
    )
    expect(state).toEqual({ granted: 2, used: 0 })
    expect(withGrant({ granted: 2, used: 2 }, MOST)).toEqual({ granted: MOST, used: 0 })
    const key = keyWith(MOST, 0)
    expect(key.take(NOW, MOST)).toEqual(told(true, MOST, 0, Infinity))
    key.refund(NOW, MOST, NOW)
    key.refund(NOW, 1, NOW)
    expect(key.text()).toBe(`${MOST},0`)
  })

  it('reads a text that is none as a key never seen', () => {
    for (const text of ['', '5', '5,3,1', '5,-1', 'x'])
      expect(prepaid().decode(text)).toEqual(prepaid().fresh(NOW))
  })

  it('has no options', () => {
    expect(thrown(() => prepaid({ limit: 5 } as never))).toBe(
      'TypeError: what prepaid takes must be nothing: units are granted by limiter.grant(), got an object',
    )
  })
})
