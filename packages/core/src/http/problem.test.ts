import { describe, expect, it } from 'vitest'

import type { Decision, PolicyDecision } from '../algorithm.ts'
import type { WirePolicy } from './headers/format.ts'
import {
  prefersText,
  problemBody as bodyOf,
  type Problem,
  type ProblemKind,
  sentence as said,
} from './problem.ts'

const sentence = (decision: Decision, wire: readonly WirePolicy[] = []): string => said(decision, wire)
const problemBody = (
  decision: Decision | undefined,
  status = 429,
  kind: ProblemKind = 'quota-exceeded',
  wire: readonly WirePolicy[] = [],
): Problem => bodyOf(decision, status, kind, wire)

function denied(
  limit: number,
  windowMs: number,
  retryAfterMs: number,
  more: Partial<PolicyDecision> = {},
): Decision {
  const policy: PolicyDecision = {
    name: 'default',
    kind: 'fixedWindow',
    key: 'ip:203.0.113.7',
    cost: 1,
    mode: 'enforce',
    allowed: false,
    limit,
    used: limit,
    remaining: 0,
    resetMs: retryAfterMs,
    retryAfterMs,
    windowMs,
    ...more,
  }
  return of(policy)
}

function of(...policies: PolicyDecision[]): Decision {
  const told = policies.find((policy) => !policy.allowed && policy.mode === 'enforce')
  return {
    allowed: false,
    retryAfterMs: told?.retryAfterMs ?? 4200,
    policy: told?.name,
    limit: told?.limit ?? Infinity,
    used: told?.used ?? 0,
    remaining: told?.remaining ?? Infinity,
    resetMs: told?.resetMs ?? 0,
    policies,
    source: 'store',
    at: 0,
  }
}

describe('sentence', () => {
  it('names the limit, the window and the wait', () => {
    expect(sentence(denied(5, 60_000, 12_345))).toBe(
      'Limit of 5 requests per minute reached. Try again in 13 seconds.',
    )
  })

  it.each([
    [1, 'per millisecond'],
    [500, 'per 500 milliseconds'],
    [1000, 'per second'],
    [999, 'per 999 milliseconds'],
    [1001, 'per 1.001 seconds'],
    [1500, 'per 1.5 seconds'],
    [2500, 'per 2.5 seconds'],
    [61_250, 'per 61.25 seconds'],
    [10_000, 'per 10 seconds'],
    [60_000, 'per minute'],
    [90_000, 'per 90 seconds'],
    [900_000, 'per 15 minutes'],
    [3_600_000, 'per hour'],
    [5_400_000, 'per 90 minutes'],
    [82_800_000, 'per 23 hours'],
    [86_400_000, 'per day'],
    [604_800_000, 'per 7 days'],
    [2_678_400_000, 'per 31 days'],
  ])('a window of %d ms is %s', (windowMs, words) => {
    expect(sentence(denied(5, windowMs, 1000))).toBe(
      `Limit of 5 requests ${words} reached. Try again in 1 second.`,
    )
  })

  it.each([
    [1, '1 second'],
    [1000, '1 second'],
    [1001, '2 seconds'],
    [60_000, '1 minute'],
    [60_001, '61 seconds'],
    [119_000, '119 seconds'],
    [120_000, '2 minutes'],
    [120_001, '3 minutes'],
    [3_600_000, '1 hour'],
    [3_600_001, '61 minutes'],
    [7_200_000, '2 hours'],
    [7_200_001, '3 hours'],
    [7_170_000, '2 hours'],
    [86_400_000, '1 day'],
    [86_400_001, '25 hours'],
    [172_800_000, '2 days'],
    [172_800_001, '3 days'],
  ])('a wait of %d ms is %s', (waitMs, words) => {
    expect(sentence(denied(5, 60_000, waitMs))).toBe(
      `Limit of 5 requests per minute reached. Try again in ${words}.`,
    )
  })

  it('says nothing of a wait that never ends', () => {
    expect(sentence(denied(0, 60_000, Infinity))).toBe('Limit of 0 requests per minute reached.')
  })

  it.each([
    [1, undefined, '1 request per minute'],
    [1, 'content-bytes', '1 byte per minute'],
    [65_535, 'content-bytes', '65535 bytes per minute'],
    [1000, 'tokens', '1000 tokens per minute'],
  ])('a limit of %d in the unit %s is %s', (limit, unit, words) => {
    const wire: WirePolicy[] = [
      { name: 'other', unit: 'lines' },
      { name: 'default', unit },
    ]
    expect(sentence(denied(limit, 60_000, 1000), wire)).toBe(
      `Limit of ${words} reached. Try again in 1 second.`,
    )
  })

  it('knows neither window nor wait of what is in flight, whatever its unit', () => {
    const flying = (limit: number, unit?: string): string =>
      sentence(denied(limit, 30_000, 9000, { kind: 'concurrency' }), [{ name: 'default', unit }])
    for (const unit of [undefined, 'requests', 'concurrent-requests']) {
      expect(flying(10, unit)).toBe('Limit of 10 concurrent requests reached.')
      expect(flying(1, unit)).toBe('Limit of 1 concurrent request reached.')
    }
    expect(flying(3, 'uploads')).toBe('Limit of 3 uploads at once reached.')
    expect(flying(1, 'uploads')).toBe('Limit of 1 upload at once reached.')
  })

  it('tells a unit of what is in flight from what is counted in windows', () => {
    expect(sentence(denied(5, 60_000, 1000), [{ name: 'default', unit: 'concurrent-requests' }])).toBe(
      'Limit of 5 requests per minute reached. Try again in 1 second.',
    )
  })

  it.each([
    [5, 3, 9000, 'This request costs 5; 3 of 10 requests per minute are left. Try again in 9 seconds.'],
    [2, 1, 9000, 'This request costs 2; 1 of 10 requests per minute is left. Try again in 9 seconds.'],
    [10, 9, 9000, 'This request costs 10; 9 of 10 requests per minute are left. Try again in 9 seconds.'],
    [5, 0, 9000, 'Limit of 10 requests per minute reached. Try again in 9 seconds.'],
    [11, 10, Infinity, 'This request costs 11, more than the limit of 10 requests per minute.'],
    [50, 0, Infinity, 'This request costs 50, more than the limit of 10 requests per minute.'],
  ])('of a cost of %d with %d left tells why', (cost, remaining, waitMs, words) => {
    expect(sentence(denied(10, 60_000, waitMs, { cost, remaining }))).toBe(words)
  })

  it('of a cost says how many slots there are', () => {
    const flying = (cost: number): string =>
      sentence(denied(3, 60_000, 1000, { kind: 'concurrency', cost, remaining: 1 }), [
        { name: 'default', unit: 'uploads' },
      ])
    expect(flying(2)).toBe('This request costs 2; 1 of 3 uploads at once is left.')
    expect(flying(4)).toBe('This request costs 4, more than the limit of 3 uploads at once.')
  })

  it('without a policy to name tells only the wait', () => {
    expect(sentence(of(), [{ name: 'default' }])).toBe('Request refused. Try again in 5 seconds.')
    expect(sentence({ ...of(), retryAfterMs: Infinity })).toBe('Request refused.')
  })
})

describe('problemBody', () => {
  it('S2: is a quota-exceeded problem with its members in order', () => {
    expect(JSON.stringify(problemBody(denied(5, 60_000, 12_345)))).toBe(
      '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded",' +
        '"status":429,"detail":"Limit of 5 requests per minute reached. Try again in 13 seconds.",' +
        '"violated-policies":["default"]}',
    )
  })

  it('S7, S8: lists the policies that deny, never those in shadow mode', () => {
    const [one] = denied(5, 60_000, 12_345).policies
    if (!one) throw new Error('no policy')
    const decision = of(
      { ...one, name: 'trial', mode: 'shadow' },
      { ...one, name: 'burst' },
      { ...one, name: 'daily', allowed: true, retryAfterMs: 0 },
      { ...one, name: 'a "b"' },
    )
    expect(problemBody(decision)['violated-policies']).toEqual(['burst', 'a "b"'])
    expect(problemBody(decision, 429, 'quota-exceeded', [{ name: 'burst', unit: 'tokens' }]).detail).toBe(
      'Limit of 5 tokens per minute reached. Try again in 13 seconds.',
    )
  })

  it('S23, S24: the other registered problems, with the real status', () => {
    const decision = denied(5, 60_000, 5000, { name: 'hourly' })
    expect(problemBody(decision, 503, 'temporary-reduced-capacity')).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      title: 'Temporary Reduced Capacity',
      status: 503,
      'violated-policies': ['hourly'],
    })
    expect(problemBody(decision, 429, 'abnormal-usage-detected')).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected',
      title: 'Abnormal Usage Detected',
    })
    expect(problemBody(decision, 403)).toMatchObject({ title: 'Quota Exceeded', status: 403 })
  })

  it('tells units', () => {
    const wire: WirePolicy[] = [{ name: 'default', unit: 'content-bytes' }]
    expect(problemBody(denied(5, 60_000, 1000), 429, 'quota-exceeded', wire).detail).toContain('5 bytes')
  })

  it('of the deny list says no more than the status', () => {
    expect(JSON.stringify(problemBody(undefined, 403, 'forbidden'))).toBe(
      '{"type":"about:blank","title":"Forbidden","status":403}',
    )
  })

  it('names no policy where none refused', () => {
    expect(problemBody(of(), 503, 'temporary-reduced-capacity')).toEqual({
      type: 'about:blank',
      title: 'Temporary Reduced Capacity',
      status: 503,
      detail: 'Request refused. Try again in 5 seconds.',
    })
  })
})

describe('prefersText', () => {
  it.each([
    ['text/html'],
    ['text/plain'],
    ['TEXT/Plain'],
    ['text/*'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'],
    ['application/json;q=0.5, text/plain'],
    ['application/json;q=0.5;x=1 , text/plain ; charset=utf-8 ; q=0.6'],
    ['application/json;q=0, */*;q=0.1, application/problem+json;q=0'],
    ['application/*;q=0.2, text/*;Q=0.3'],
    ['application/json;q=, text/html;q=0.1'],
  ])('yes: %s', (accept) => {
    expect(prefersText(accept)).toBe(true)
  })

  it.each([
    [undefined],
    [''],
    ['*/*'],
    ['application/json'],
    ['application/problem+json, text/html'],
    ['application/json, text/plain, */*'],
    ['text/html;q=0.5, application/*'],
    ['text/html;q=0.9, */*'],
    ['text/html;q=0.5, application/json;q=0.1, application/problem+json;q=0.6'],
    ['image/png'],
    ['text/html;q=0, text/plain;q=0'],
    ['text/markdown'],
    ['text/html; q=0.1, application/json;q=0.2'],
    [';;,,q=1'],
  ])('no: %s', (accept) => {
    expect(prefersText(accept)).toBe(false)
  })

  it('looks only at the beginning of a field without end', () => {
    expect(prefersText('a/b,'.repeat(30_000) + 'text/html')).toBe(false)
  })
})
