import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../algorithm.ts'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import type { Outcome } from './gate.ts'
import { createHttpLimiter } from './gate.ts'
import { createSpread } from './spread.ts'
import { frozen } from './testing/requests.ts'

const minute = fixedWindow({ limit: 0, window: '1m' })
const refused = createLimiter({
  store: frozen(),
  policies: [
    { name: 'minute', algorithm: fixedWindow({ limit: 1, window: '1m' }) },
    { name: 'free', algorithm: fixedWindow({ limit: 9, window: '1m' }) },
    { name: 'shadow', algorithm: minute, mode: 'shadow' },
  ],
})
refused.take('ada')
const decision = refused.take('ada')

describe('a spread', () => {
  it('adds as much to the wait as to that of each policy that has refused, and nothing else', () => {
    const spread = createSpread(10_000)
    for (let times = 0; times < 100; times++) {
      const told = spread(decision)
      const added = told.retryAfterMs - decision.retryAfterMs
      expect(added).toBeGreaterThanOrEqual(0)
      expect(added).toBeLessThan(10_000)
      const policies = decision.policies.map((policy) =>
        policy.allowed ? policy : { ...policy, retryAfterMs: policy.retryAfterMs + added },
      )
      expect(told).toEqual({ ...decision, retryAfterMs: decision.retryAfterMs + added, policies })
    }
  })

  it('leaves between neighbours of n in a row no gap above 1.9 * spread / n', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.integer({ min: 1, max: 2000 }),
        (spreadMs, n) => {
          const spread = createSpread(spreadMs)
          const waits = Array.from({ length: n }, () => spread(decision).retryAfterMs - decision.retryAfterMs)
          const sorted = [...waits, spreadMs, 0].toSorted((a, b) => a - b)
          const gaps = sorted.slice(1).map((wait, index) => wait - (sorted[index] as number))
          // Whole milliseconds are one off.
          expect(Math.max(...gaps)).toBeLessThanOrEqual((1.9 * spreadMs) / n + 1)
        },
      ),
    )
  })

  it('begins elsewhere in every process', () => {
    const first = Array.from({ length: 20 }, () => createSpread(1_000_000)(decision).retryAfterMs)
    expect(new Set(first).size).toBeGreaterThan(15)
  })

  it.each<[string, Decision]>([
    ['what is allowed', refused.peek({ free: 'ada' })],
    ['a wait without end', createLimiter({ algorithm: minute }).take('ada')],
    ['what a failure policy says', { ...decision, source: 'failure-policy', policies: [] }],
  ])('adds nothing to %s', (_what, given) => {
    expect(createSpread(10_000)(given)).toBe(given)
  })

  it('sends no Retry-After where nobody knows the wait', () => {
    const store = frozen()
    const http = createHttpLimiter<[]>(
      {
        store,
        algorithm: concurrency({ limit: 1, ttl: '1m' }),
        key: () => 'ada',
        retryAfterSpread: '10s',
      },
      { method: () => 'GET', header: () => undefined, address: () => '', peer: () => '', route: () => '' },
    )
    void http.limiter.take('ada')
    const names: string[] = []
    const outcome = http.handle() as Outcome
    outcome.writeHeaders({
      get: () => undefined,
      set: (name) => void names.push(name),
      remove: () => undefined,
    })
    expect(outcome.refusal?.status).toBe(429)
    expect(names).not.toContain('Retry-After')
  })

  it('leaves the decision that handlers see as it is, and is in what `message` is given', () => {
    const told: Decision[] = []
    const http = createHttpLimiter<[]>(
      {
        store: frozen(),
        algorithm: fixedWindow({ limit: 1, window: '1m' }),
        key: () => 'ada',
        retryAfterSpread: '1h',
        message: (given) => (told.push(given), 'no'),
      },
      { method: () => 'GET', header: () => undefined, address: () => '', peer: () => '', route: () => '' },
    )
    const outcomes = [1, 2, 3].map(() => http.handle() as Outcome).slice(1)
    expect(outcomes.map((outcome) => outcome.decision?.retryAfterMs)).toEqual([60_000, 60_000])
    expect(told.every(({ retryAfterMs }) => retryAfterMs > 60_000)).toBe(true)
  })
})
