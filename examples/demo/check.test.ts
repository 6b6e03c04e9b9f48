/** The demo's own checks: they have to find every kind of fault, and nothing in answers that are right. */

import { describe, expect, it } from 'vitest'
import { faultsOf } from './check.ts'
import type { Seen } from './messages.ts'
import { createModel } from './model.ts'
import { fullOf } from './policies.ts'
import { usedAt } from './used.ts'

/** Answers as a right server gives them at known instants, which the client sees from `before` to `after`. */
function right(times: readonly number[], before = 3, after = 4): Seen[] {
  const model = createModel()
  const charged: { sentAt: number; answeredAt: number }[] = []
  return times.map((at) => {
    const refusedBy = model('greedy', at)
    const allowed = refusedBy.length === 0
    if (allowed) charged.push({ sentAt: at, answeredAt: at })
    const left = (policy: 'burst' | 'quota'): number => {
      const decision = { sentAt: at + 2, answeredAt: at + 2 } // less the slack for the clocks
      return Math.floor(fullOf[policy] - usedAt(policy, charged, decision).most + 1e-9)
    }
    const remaining = { burst: left('burst'), quota: left('quota') }
    const span = { sentAt: at - before, answeredAt: at + after }
    return {
      client: 'greedy',
      allowed,
      refusedBy,
      remaining,
      retryAfter: undefined,
      faults: [],
      waited: false,
      ...span,
    }
  })
}

const everyTenth = Array.from({ length: 110 }, (_, index) => index * 100)

/** The same answers with one of them changed. */
const but = (seen: readonly Seen[], index: number, changed: Partial<Seen>): Seen[] =>
  seen.map((answer, at) => (at === index ? { ...answer, ...changed } : answer))

const faults = (seen: readonly Seen[]): string[] =>
  faultsOf(seen, ['greedy']).filter((fault) => !fault.startsWith('No client waited'))

describe('faultsOf', () => {
  it('finds nothing in what a right server answers, fast or slow', () => {
    expect(faults(right(everyTenth))).toEqual([])
    expect(faults(right(everyTenth, 0, 0))).toEqual([])
    expect(faults(right(everyTenth, 150, 2500))).toEqual([])
  })

  it('finds a request that should have been refused', () => {
    const seen = right(everyTenth)
    const refused = seen.findIndex(({ allowed }) => !allowed)
    expect(faults(but(seen, refused, { allowed: true, refusedBy: [] }))[0]).toMatch(
      /^greedy at \d\.\d\d s: allowed, although burst had at least 9\.\d+ of 10 used\.$/,
    )
    const byQuota = seen.findIndex(({ refusedBy }) => refusedBy.join() === 'quota')
    expect(faults(but(seen, byQuota, { allowed: true, refusedBy: [] })).join()).toContain(
      'allowed, although quota had at least 35 of 35 used',
    )
  })

  it('finds a request that should have been allowed', () => {
    const seen = right(everyTenth)
    expect(faults(but(seen, 4, { allowed: false, refusedBy: ['quota'] }))).toContain(
      'greedy at 0.40 s: refused by quota, of which at most 4 of 35 was used.',
    )
    expect(faults(but(seen, 4, { allowed: false, refusedBy: ['burst'] })).join()).toContain(
      'greedy at 0.40 s: refused by burst, of which at most',
    )
  })

  it('finds a wrong figure', () => {
    const seen = right(everyTenth)
    for (const by of [2, -2]) {
      const burst = (seen[3]?.remaining.burst ?? 0) + by
      expect(faults(but(seen, 3, { remaining: { burst, quota: 31 } })).join()).toContain(
        `${burst} left of burst`,
      )
      const quota = (seen[3]?.remaining.quota ?? 0) + by
      expect(faults(but(seen, 3, { remaining: { burst: 7, quota } })).join()).toContain(
        `${quota} left of quota`,
      )
    }
  })

  it('finds a Retry-After that was not kept', () => {
    const seen = right(everyTenth)
    const refused = seen.findIndex(({ allowed }) => !allowed)
    expect(faults(but(seen, refused, { waited: true }))).toEqual([
      expect.stringContaining('refused, although it had waited as long as it was told'),
    ])
  })

  it('passes on what is wrong within an answer', () => {
    expect(faults(but(right(everyTenth), 7, { faults: ['status 500'] }))).toEqual([
      'greedy at 0.70 s: status 500.',
    ])
  })

  it('is not content with having seen nothing', () => {
    expect(faultsOf([], ['greedy'])).toEqual([
      'greedy got only 0 answers.',
      'Nobody was refused by burst, so there was nothing to see of it.',
      'Nobody was refused by quota, so there was nothing to see of it.',
      'No client waited for a Retry-After.',
    ])
  })
})
