import { describe, expect, it } from 'vitest'
import type { Decision } from './algorithm.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { createLimiter } from './limiter.ts'
import type { PolicyOptions } from './policies.ts'
import { memoryStore } from './stores/memory.ts'

const noon = Date.UTC(2026, 5, 1, 12)

/** A policy of so many units in so many seconds. */
const policy = (name: string, limit: number, seconds: number, shadow = false): PolicyOptions => ({
  name,
  algorithm: fixedWindow({ limit, window: seconds * 1000 }),
  mode: shadow ? 'shadow' : 'enforce',
})

/** What the last of some takes decides. */
function last(costs: readonly number[], ...policies: PolicyOptions[]): Decision {
  const limiter = createLimiter({ policies, store: memoryStore({ clock: () => noon }) })
  return costs.map((cost) => limiter.take('ada', { cost })).at(-1) as Decision
}

describe('a decision tells of the policy', () => {
  it('with the least remaining, when all allow', () => {
    const decision = last([1], policy('a', 10, 60), policy('b', 5, 3600), policy('c', 7, 1))
    const figures = { policy: 'b', limit: 5, used: 1, remaining: 4, resetMs: 3_600_000, retryAfterMs: 0 }
    expect(decision).toMatchObject(figures)
  })

  it('with the latest reset, where several have as little', () => {
    expect(last([1], policy('a', 5, 60), policy('b', 5, 3600), policy('c', 5, 1)).policy).toBe('b')
  })

  it('that comes first, where they are alike', () => {
    expect(last([1], policy('a', 9, 1), policy('b', 5, 60), policy('c', 5, 60)).policy).toBe('b')
  })

  it('that is the last to free up, when several deny', () => {
    const decision = last([2, 1], policy('a', 2, 60), policy('b', 2, 3600), policy('c', 9, 7200))
    const figures = { policy: 'b', limit: 2, used: 2, remaining: 0, resetMs: 3_600_000 }
    expect(decision).toMatchObject({ allowed: false, retryAfterMs: 3_600_000, ...figures })
  })

  it('that denies, however much remains of it', () => {
    const decision = last([7, 5], policy('a', 11, 60), policy('b', 100, 1))
    expect(decision).toMatchObject({ allowed: false, policy: 'a', remaining: 4 })
    const little = last([8, 9], policy('a', 17, 60), policy('b', 10, 1))
    expect(little).toMatchObject({ allowed: false, policy: 'b', retryAfterMs: 1000 })
  })

  it('that can never fit the cost, before any that can', () => {
    const decision = last([1, 3], policy('a', 3, 86_400), policy('b', 2, 1))
    expect(decision).toMatchObject({ allowed: false, policy: 'b', retryAfterMs: Infinity })
  })

  it('that enforces: never a shadow', () => {
    const decision = last([1, 1], policy('a', 1, 86_400, true), policy('b', 5, 60))
    expect(decision).toMatchObject({ allowed: true, policy: 'b', remaining: 3, retryAfterMs: 0 })
    expect(last([1], policy('a', 1, 60, true))).toMatchObject({
      allowed: true,
      policy: undefined,
      limit: Infinity,
      used: 0,
      remaining: Infinity,
      resetMs: 0,
      policies: [{ name: 'a', used: 1 }],
    })
  })
})

describe('a decision', () => {
  it('is plain data, which can be cloned and serialised', () => {
    const allowed = last([1], policy('a', 3, 60), policy('b', 2, 60, true))
    const denied = last([3, 1], policy('a', 3, 60), policy('b', 2, 60, true))
    for (const decision of [allowed, denied]) {
      expect(structuredClone(decision)).toStrictEqual(decision)
      expect(JSON.parse(JSON.stringify(decision))).toStrictEqual(decision)
      expect(Object.keys(decision).join(' ')).toBe(
        'allowed retryAfterMs policy limit used remaining resetMs policies source at',
      )
    }
    const never = last([4], policy('a', 3, 60))
    expect(structuredClone(never)).toStrictEqual(never)
  })

  it('stays as it was, whatever is taken later', () => {
    const limiter = createLimiter({ policies: [policy('a', 3, 60)] })
    const first = limiter.take('ada')
    const copy = structuredClone(first)
    limiter.take('ada')
    limiter.take('bob')
    expect(first).toEqual(copy)
  })
})
