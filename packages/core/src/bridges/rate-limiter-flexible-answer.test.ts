import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { chargeOf } from '../charges.ts'
import { isStoreError } from '../store-error.ts'
import type { Charge } from '../store.ts'
import { failureOf, tell } from './rate-limiter-flexible-answer.ts'

const slot = { name: 'default', algorithm: fixedWindow({ limit: 10, window: '1m' }) }

/** What a take that was refused is told. */
function refused(cost: number, remainingPoints: number, msBeforeNext: number): Charge {
  const charge = chargeOf('take', { slot, key: 'ada', cost })
  tell(charge, { remainingPoints, msBeforeNext, consumedPoints: 11 }, 10, false)
  return charge
}

describe('a refusal', () => {
  it('has a wait, also in the last moment of a window', () => {
    expect(refused(1, 0, 0)).toMatchObject({ allowed: false, retryAfterMs: 1, remaining: 0 })
    expect(refused(1, 0, 0.2)).toMatchObject({ retryAfterMs: 1 })
    expect(refused(1, 0, 1.5)).toMatchObject({ retryAfterMs: 2, resetMs: 2 })
  })

  it('never tells that there is room for what it refused', () => {
    expect(refused(3, 5, 1000)).toMatchObject({ remaining: 2 })
    expect(refused(3, 1, 1000)).toMatchObject({ remaining: 1 })
  })
})

it.each([
  [Number.NaN, 1000],
  [5, Number.NaN],
  [undefined as never, 1000],
])('points of %s for %s ms are no answer', (remainingPoints, msBeforeNext) => {
  expect(() => refused(1, remainingPoints, msBeforeNext)).toThrow('answered without figures')
})

describe('a rejection', () => {
  it.each([
    new Error('Connection terminated'),
    new TypeError('fetch failed'),
    new TypeError('NetworkError when attempting to fetch resource.'),
    'gone',
    undefined,
  ])('is a failure: %s', (error) => {
    expect(failureOf(error)).toSatisfy(isStoreError)
    expect(failureOf(error)).toMatchObject({ code: 'failed', cause: error })
  })

  it.each([
    new TypeError('client.rlflxIncr is not a function'),
    new RangeError('Invalid time value'),
    { remainingPoints: 0, msBeforeNext: 1000, consumedPoints: 6 },
  ])('is a mistake, or a refusal: %s', (error) => {
    expect(failureOf(error)).toBe(error)
  })
})
