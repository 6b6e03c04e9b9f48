import { createHmac } from 'node:crypto'

import fc from 'fast-check'
import { parseDictionary, parseList } from 'structured-headers'
import { describe, expect, it } from 'vitest'

import type { Decision, PolicyDecision } from '../algorithm.ts'
import {
  createHeaderWriter,
  type HeaderFormat,
  type HeadersOption,
  type PartitionKeys,
  partitionKeys,
  type WirePolicy,
} from './headers.ts'

/** 2026-09-21T14:13:20.400Z */
const now = 1_790_000_000_400

function policy(
  name: string,
  limit: number,
  windowMs: number,
  remaining: number,
  resetMs: number,
  more: Partial<PolicyDecision> = {},
): PolicyDecision {
  const used = limit - remaining
  const base = {
    name,
    kind: 'fixedWindow',
    key: 'user:42',
    cost: 1,
    mode: 'enforce',
    allowed: true,
    retryAfterMs: 0,
  } as const
  return { ...base, limit, used, remaining, resetMs, windowMs, ...more }
}

function denied(
  name: string,
  limit: number,
  windowMs: number,
  waitMs: number,
  more: Partial<PolicyDecision> = {},
): PolicyDecision {
  return policy(name, limit, windowMs, 0, waitMs, { allowed: false, retryAfterMs: waitMs, ...more })
}

function decide(...policies: PolicyDecision[]): Decision {
  const denying = policies.filter((one) => !one.allowed && one.mode === 'enforce')
  const told = denying[0] ?? policies[0]
  return {
    allowed: denying.length === 0,
    retryAfterMs: Math.max(0, ...denying.map((one) => one.retryAfterMs)),
    policy: told?.name,
    limit: told?.limit ?? Infinity,
    used: told?.used ?? 0,
    remaining: told?.remaining ?? Infinity,
    resetMs: told?.resetMs ?? 0,
    policies,
    source: 'store',
    at: now,
  }
}

/** A response that remembers the lines written to it, by the names that were used. */
function response(lines: Record<string, string> = {}) {
  const canonical = (name: string) =>
    Object.keys(lines).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name
  return {
    lines,
    get: (name: string) => lines[canonical(name)],
    set: (name: string, value: string) => void (lines[canonical(name)] = value),
    remove: (name: string) => void delete lines[canonical(name)],
  }
}

function written(
  option: HeadersOption,
  decision: Decision,
  policies: readonly WirePolicy[] = decision.policies,
  before: Record<string, string> = {},
): Record<string, string> {
  const { lines, ...headers } = response({ ...before })
  // Keys that are there at once.
  const keys = partitionKeys(decision, policies) as PartitionKeys | undefined
  createHeaderWriter(option, policies).write(decision, now, headers, keys)
  return lines
}

const s1 = decide(policy('default', 5, 60_000, 2, 12_345))
const s2 = decide(denied('default', 5, 60_000, 12_345))
const daily = policy('daily', 1000, 86_400_000, 2, 40_000_000)
const s6 = decide(policy('burst', 10, 1000, 3, 600), daily)
const s7 = decide(denied('burst', 10, 1000, 600), policy('daily', 1000, 86_400_000, 500, 40_000_000))
const s8 = decide(denied('burst', 10, 1000, 600), denied('daily', 1000, 86_400_000, 40_000_000))

describe('the vectors of the server side', () => {
  const vectors: [id: string, format: HeaderFormat, decision: Decision, lines: Record<string, string>][] = [
    ['S1-L', 'draft-11', s1, { 'RateLimit-Policy': '"default";q=5;w=60', RateLimit: '"default";r=2;t=13' }],
    ['S1-D', 'draft-7', s1, { 'RateLimit-Policy': '5;w=60', RateLimit: 'limit=5, remaining=2, reset=13' }],
    ['S1-T', 'draft-6', s1, { 'RateLimit-Policy': '5;w=60', ...fields('RateLimit', '5', '2', '13') }],
    ['S1-T3', 'draft-3', s1, fields('RateLimit', '5, 5;w=60', '2', '13')],
    ['S1-XE', 'legacy', s1, { ...fields('X-RateLimit', '5', '2', '1790000013'), 'X-RateLimit-Used': '3' }],
    ['S1-XD', 'legacy-delta', s1, { ...fields('X-RateLimit', '5', '2', '13'), 'X-RateLimit-Used': '3' }],
    [
      'S2-L',
      'draft-11',
      s2,
      { 'RateLimit-Policy': '"default";q=5;w=60', RateLimit: '"default";r=0;t=13', 'Retry-After': '13' },
    ],
    [
      'S2-D',
      'draft-7',
      s2,
      { 'RateLimit-Policy': '5;w=60', RateLimit: 'limit=5, remaining=0, reset=13', 'Retry-After': '13' },
    ],
    [
      'S2-T',
      'draft-6',
      s2,
      { 'RateLimit-Policy': '5;w=60', ...fields('RateLimit', '5', '0', '13'), 'Retry-After': '13' },
    ],
    [
      'S2-XE',
      'legacy',
      s2,
      { ...fields('X-RateLimit', '5', '0', '1790000013'), 'X-RateLimit-Used': '5', 'Retry-After': '13' },
    ],
    [
      'S6-L',
      'draft-11',
      s6,
      {
        'RateLimit-Policy': '"burst";q=10;w=1, "daily";q=1000;w=86400',
        RateLimit: '"burst";r=3;t=1, "daily";r=2;t=40000',
      },
    ],
    [
      'S6-D',
      'draft-7',
      s6,
      { 'RateLimit-Policy': '10;w=1, 1000;w=86400', RateLimit: 'limit=1000, remaining=2, reset=40000' },
    ],
    [
      'S6-XE',
      'legacy',
      s6,
      { ...fields('X-RateLimit', '1000', '2', '1790040001'), 'X-RateLimit-Used': '998' },
    ],
    [
      'S7-T',
      'draft-6',
      s7,
      {
        'RateLimit-Policy': '10;w=1, 1000;w=86400',
        ...fields('RateLimit', '10', '0', '1'),
        'Retry-After': '1',
      },
    ],
  ]
  it.each(vectors)('%s, %s', (_id, format, decision, lines) => {
    expect(written(format, decision)).toEqual(lines)
  })

  function fields(prefix: string, limit: string, remaining: string, reset: string): Record<string, string> {
    return { [`${prefix}-Limit`]: limit, [`${prefix}-Remaining`]: remaining, [`${prefix}-Reset`]: reset }
  }

  it.each([
    ['a', 1, '1', '1790000001'],
    ['b', 1000, '1', '1790000002'],
    ['c', 1001, '2', '1790000002'],
    ['d', 0, '0', '1790000001'],
    ['d', -500, '0', '1790000001'],
  ])('S3%s: a reset in %d ms is rounded up to whole seconds', (_id, resetMs, t, epoch) => {
    const lines = written(['draft-11', 'legacy'], decide(policy('default', 5, 60_000, 1, resetMs)))
    expect(lines.RateLimit).toBe(`"default";r=1;t=${t}`)
    expect(lines['X-RateLimit-Reset']).toBe(epoch)
  })

  it.each([
    ['a', 1, '1'],
    ['b', 500, '1'],
    ['c', 1500, '2'],
    ['d', 86_400_000, '86400'],
  ])('S5%s: a window of %d ms', (_id, windowMs, w) => {
    const lines = written('draft-11', decide(policy('default', 5, windowMs, 1, 1)))
    expect(lines['RateLimit-Policy']).toBe(`"default";q=5;w=${w}`)
  })

  it('S7-L, S8-L: a violated policy tells the wait, and Retry-After is the largest', () => {
    expect(written('draft-11', s7)).toMatchObject({
      RateLimit: '"burst";r=0;t=1, "daily";r=500;t=40000',
      'Retry-After': '1',
    })
    expect(written('draft-11', s8)).toMatchObject({
      RateLimit: '"burst";r=0;t=1, "daily";r=0;t=40000',
      'Retry-After': '40000',
    })
  })

  it('S11, S13: buckets', () => {
    expect(written('draft-11', decide(policy('tb', 10, 10_000, 4.97, 5030))).RateLimit).toBe('"tb";r=4;t=6')
    const gcra = denied('api', 5, 60_000, 11_640, { resetMs: 59_640 })
    expect(written('draft-11', decide(gcra))).toMatchObject({
      RateLimit: '"api";r=0;t=12',
      'Retry-After': '12',
    })
  })

  it('S14, S15: units', () => {
    expect(
      written('draft-11', decide(policy('bw', 65_535, 10_000, 300, 2000)), [
        { name: 'bw', unit: 'content-bytes' },
      ]),
    ).toEqual({
      'RateLimit-Policy': '"bw";q=65535;qu="content-bytes";w=10',
      RateLimit: '"bw";r=300;t=2',
    })
    expect(
      written('draft-11', decide(policy('conc', 10, 30_000, 3, 9000, { kind: 'concurrency' })), [
        { name: 'conc', unit: 'concurrent-requests' },
      ]),
    ).toEqual({ 'RateLimit-Policy': '"conc";q=10;qu="concurrent-requests"', RateLimit: '"conc";r=3' })
  })

  it('S16: the partition key stands in both fields', () => {
    const partitionKey = (key: string) =>
      createHmac('sha256', 'k'.repeat(32)).update(key).digest().subarray(0, 9).toString('base64')
    const decision = decide(policy('peruser', 100, 60_000, 99, 60_000))
    expect(written('draft-11', decision, [{ name: 'peruser', partitionKey }])).toEqual({
      'RateLimit-Policy': '"peruser";q=100;w=60;pk=:n/k6QK3I1AmO:',
      RateLimit: '"peruser";r=99;t=60;pk=:n/k6QK3I1AmO:',
    })
  })

  it('S18, S20: nothing and very much', () => {
    const blocked = denied('blocked', 0, 60_000, Infinity, { resetMs: 0 })
    expect(written('draft-11', decide(blocked))).toEqual({
      'RateLimit-Policy': '"blocked";q=0;w=60',
      RateLimit: '"blocked";r=0;t=60',
    })
    expect(written('draft-11', decide(policy('big', 1e18, 60_000, 1e18, 0)))).toEqual({
      'RateLimit-Policy': '"big";q=999999999999999;w=60',
      RateLimit: '"big";r=999999999999999;t=60',
    })
  })

  it('S26: the names to expose', () => {
    expect(createHeaderWriter('draft-11', []).names).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After'])
    expect(createHeaderWriter('legacy', []).names).toEqual([
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Used',
      'X-RateLimit-Reset',
      'Retry-After',
    ])
    expect(createHeaderWriter(false, []).names).toEqual(['Retry-After'])
  })

  it('S31: a second limiter appends', () => {
    const first = written('draft-11', s1)
    expect(written('draft-11', decide(daily), [{ name: 'daily' }], first)).toEqual({
      'RateLimit-Policy': '"default";q=5;w=60, "daily";q=1000;w=86400',
      RateLimit: '"default";r=2;t=13, "daily";r=2;t=40000',
    })
  })
})

describe('what is sent', () => {
  it('draft-11 and legacy by default', () => {
    const headers = response()
    createHeaderWriter(undefined, [{ name: 'default' }]).write(s1, now, headers)
    expect(headers.lines).toEqual(written(['draft-11', 'legacy'], s1))
    expect(Object.keys(headers.lines)).toHaveLength(6)
  })

  it('the same for drafts 8 to 11', () => {
    const forms = (['draft-8', 'draft-9', 'draft-10'] as const).map((draft) => written(draft, s6))
    expect(forms).toEqual([1, 2, 3].map(() => written('draft-11', s6)))
  })

  it('every name that is written is a name to expose', () => {
    for (const format of ['draft-11', 'draft-7', 'draft-6', 'draft-3', 'legacy', 'legacy-delta'] as const) {
      const { names } = createHeaderWriter(format, [])
      expect(new Set(names)).toEqual(new Set(Object.keys(written(format, s2))))
    }
  })

  it('nothing of shadow policies, of unlimited ones, and where no policy applied', () => {
    const shadow = denied('trial', 1, 60_000, 5000, { mode: 'shadow' })
    const unlimited = policy('free', Infinity, 60_000, Infinity, 0)
    expect(written(['draft-11', 'legacy'], decide(shadow, unlimited))).toEqual({})
    expect(written(['draft-6'], decide())).toEqual({})
    expect(written(['draft-11', 'legacy'], decide(shadow, ...s1.policies, unlimited))).toEqual(
      written(['draft-11', 'legacy'], s1),
    )
  })

  it('with headers off nothing but Retry-After on a denial', () => {
    expect(written(false, s1)).toEqual({})
    expect(written(false, s2)).toEqual({ 'Retry-After': '13' })
  })

  it('a denial that no policy made, such as that of a store that is down, has a Retry-After of at least 1', () => {
    expect(written('draft-11', { ...decide(), allowed: false, retryAfterMs: 4200 })).toEqual({
      'Retry-After': '5',
    })
    expect(written('draft-11', { ...decide(), allowed: false })).toEqual({ 'Retry-After': '1' })
  })

  it('a full quota is never promised for at once', () => {
    const full = written(['draft-11', 'legacy'], decide(policy('default', 5, 60_000, 5, 0)))
    expect(full.RateLimit).toBe('"default";r=5;t=60')
    expect(full['X-RateLimit-Reset']).toBe('1790000061')
  })

  it('where the reset is not known it is the window', () => {
    const endless = written(['draft-11', 'legacy'], decide(policy('default', 5, 60_000, 1, Infinity)))
    expect(endless.RateLimit).toBe('"default";r=1;t=60')
    expect(endless['X-RateLimit-Reset']).toBe('1790000061')
  })

  it('a denial for a cost above what remains shows what remains', () => {
    const costly = policy('default', 5, 60_000, 2, 50_000, { allowed: false, retryAfterMs: 30_000 })
    expect(written('draft-11', decide(costly))).toMatchObject({
      RateLimit: '"default";r=2;t=30',
      'Retry-After': '30',
    })
  })

  it('debt shows as used up', () => {
    const inDebt = policy('default', 5, 60_000, -3, 50_000, { used: 8 })
    expect(written('legacy', decide(inDebt))).toMatchObject({
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Used': '8',
    })
  })

  it('a limit that changes from one decision to the next', () => {
    const writer = createHeaderWriter('draft-11', [{ name: 'plan' }])
    const seen = [
      [10, 1000],
      [20, 1000],
      [20, 2000],
      [10, 1000],
    ].map(([limit = 0, windowMs = 0]) => {
      const headers = response()
      writer.write(decide(policy('plan', limit, windowMs, 1, 1)), now, headers)
      return headers.lines['RateLimit-Policy']
    })
    expect(seen).toEqual(['"plan";q=10;w=1', '"plan";q=20;w=1', '"plan";q=20;w=2', '"plan";q=10;w=1'])
  })

  it('policies that were not announced', () => {
    expect(written('draft-11', s1, [])).toEqual(written('draft-11', s1))
    expect(written('legacy', s1, [])).toEqual(written('legacy', s1))
  })

  it('of one policy the same as the decision tells: of denying ones that free up together the one that resets last', () => {
    const first = denied('first', 10, 60_000, 1000, { resetMs: 5000 })
    const second = denied('second', 20, 60_000, 1000, { resetMs: 9000 })
    expect(written('legacy', decide(first, second))['X-RateLimit-Limit']).toBe('20')
    expect(written('legacy', decide(second, first))['X-RateLimit-Limit']).toBe('20')
    const open = policy('open', 30, 60_000, 0, 9000)
    expect(written('legacy', decide(open, first))['X-RateLimit-Limit']).toBe('10')
    const later = policy('later', 40, 60_000, 0, 9001)
    expect(written('legacy', decide(open, later, s1.policies[0] ?? open))['X-RateLimit-Limit']).toBe('40')
  })

  it('quotas of the same value as one, with the longer window', () => {
    const decision = decide(
      policy('a', 10, 60_000, 3, 1000),
      policy('b', 10, 1000, 4, 1000),
      policy('c', 20, 1000, 9, 1000),
    )
    expect(written('draft-6', decision)['RateLimit-Policy']).toBe('10;w=60, 20;w=1')
    expect(written('draft-3', decision)['RateLimit-Limit']).toBe('10, 10;w=60, 20;w=1')
  })
})

describe('concurrency', () => {
  const wire: WirePolicy[] = [{ name: 'conc', unit: 'concurrent-requests' }, { name: 'burst' }]
  const kind = 'concurrency'
  const busy = denied('conc', 10, 30_000, 9000, { kind })
  const free = policy('conc', 10, 30_000, 1, 9000, { kind })
  const burst = denied('burst', 10, 60_000, 4000)

  it('a denial sends no Retry-After, for nobody knows when a slot comes free', () => {
    expect(written('draft-11', decide(busy), wire)).toEqual({
      'RateLimit-Policy': '"conc";q=10;qu="concurrent-requests"',
      RateLimit: '"conc";r=0',
    })
  })

  it.each([undefined, 'requests', 'concurrent-requests', 'uploads'])(
    'is what the decision says, also where a policy has the unit %s, or is chosen by the request',
    (unit) => {
      const lines = {
        'RateLimit-Policy': `"conc";q=10;qu="${unit === 'uploads' ? unit : 'concurrent-requests'}"`,
        RateLimit: '"conc";r=0',
      }
      expect(written(['draft-11', 'legacy'], decide(busy), [{ name: 'conc', unit }])).toEqual(lines)
    },
  )

  it('is not what a unit says of a policy with windows', () => {
    const lines = written(['draft-11'], s2, [{ name: 'default', unit: 'concurrent-requests' }])
    expect(lines).toEqual(written(['draft-11'], s2))
  })

  it('the wait of another policy is still told, and not that of the slot', () => {
    expect(written(false, decide(busy, burst), wire)).toEqual({ 'Retry-After': '4' })
    expect(written(false, decide(busy, policy('burst', 10, 60_000, 4, 4000)), wire)).toEqual({})
    expect(written(false, decide(free, burst), wire)).toEqual({
      'Retry-After': '4',
    })
  })

  it('a wait that no policy made is told while there are slots', () => {
    const blocked = { ...decide(free), allowed: false, retryAfterMs: 60_000 }
    expect(written(false, blocked, wire)).toEqual({ 'Retry-After': '60' })
  })

  it('a cost that can never fit sends no Retry-After', () => {
    expect(written(false, decide(denied('conc', 10, 30_000, Infinity, { kind }), burst), wire)).toEqual({})
  })

  it('formats that only know windows leave it out', () => {
    const decision = decide(free, policy('burst', 10, 60_000, 4, 4000))
    for (const format of ['draft-7', 'draft-6', 'draft-3', 'legacy'] as const) {
      expect(written(format, decision, wire)).toEqual(written(format, decide(...decision.policies.slice(1))))
      expect(written(format, decide(free), wire)).toEqual({})
    }
  })
})

describe('two limiters on one response', () => {
  const tight = decide(policy('tight', 20, 60_000, 12, 30_000))
  const loose = decide(policy('loose', 100, 60_000, 50, 45_000))

  it.each(['draft-7', 'draft-6', 'draft-3', 'legacy', 'legacy-delta'] as const)(
    '%s keeps the tighter one, whichever came first',
    (format) => {
      const alone = written(format, tight)
      const quotas = format === 'draft-7' || format === 'draft-6'
      const expected = (list: string) => (quotas ? { ...alone, 'RateLimit-Policy': list } : alone)
      expect(written(format, loose, [], alone)).toEqual(expected('20;w=60, 100;w=60'))
      expect(written(format, tight, [], written(format, loose))).toEqual(expected('100;w=60, 20;w=60'))
    },
  )

  it('of two with the same remaining the later reset stays', () => {
    const early = decide(policy('early', 20, 60_000, 12, 10_000))
    for (const format of ['draft-7', 'draft-6', 'draft-3', 'legacy', 'legacy-delta'] as const) {
      expect(written(format, early, [], written(format, tight))).toEqual(written(format, tight))
      expect(written(format, tight, [], written(format, early))).toEqual(written(format, tight))
    }
  })

  it('the same name and partition key twice: the last one wins, in its place', () => {
    const pk = (value: string): WirePolicy[] => [{ name: 'a', partitionKey: () => value }]
    const a = (remaining: number) => decide(policy('a', 5, 60_000, remaining, 12_345))
    let lines = written('draft-11', a(4), pk('AAAA'))
    lines = written('draft-11', a(3), pk('BBBB'), lines)
    lines = written('draft-11', a(2), [], lines)
    lines = written('draft-11', a(1), pk('AAAA'), lines)
    expect(lines.RateLimit).toBe('"a";r=1;t=13;pk=:AAAA:, "a";r=3;t=13;pk=:BBBB:, "a";r=2;t=13')
  })

  it('names with commas, semicolons and quotes are one member', () => {
    const odd = decide(policy('a, "b";r=1\\', 5, 60_000, 2, 12_345))
    const unit: WirePolicy[] = [{ name: 'a, "b";r=1\\', unit: 'a,"b",\\' }]
    const lines = written('draft-11', odd, unit, written('draft-11', s1))
    expect(written('draft-11', odd, unit, lines)).toEqual(lines)
    expect(parseList(lines['RateLimit-Policy'] ?? '')[1]?.[1].get('qu')).toBe('a,"b",\\')
    expect(parseList(lines.RateLimit ?? '').map(([name]) => name)).toEqual(['default', 'a, "b";r=1\\'])
  })

  it('reads the spaces that others write, and drops what would void the list', () => {
    const express = {
      RateLimit: '"a"; r=2; t=13, "b"; r=1; t=2 ,"c";r=3',
      'RateLimit-Policy': '"a"; q=5; w=60; pk=:AAAA:',
    }
    const again = decide(policy('a', 9, 60_000, 8, 1000))
    expect(written('draft-11', again, [], express)).toEqual({
      RateLimit: '"a";r=8;t=1, "b"; r=1; t=2, "c";r=3',
      'RateLimit-Policy': '"a"; q=5; w=60; pk=:AAAA:, "a";q=9;w=60',
    })
    for (const broken of ['limit=5, remaining=2, reset=13', '"a"b"; r=999', 'default;r=5', 'é']) {
      expect(written('draft-11', again, [], { RateLimit: broken }).RateLimit).toBe('"a";r=8;t=1')
    }
  })

  it('Retry-After keeps the larger one, whatever the formats', () => {
    expect(written(false, s2, [], { 'Retry-After': '60' })).toEqual({ 'Retry-After': '60' })
    expect(written(false, s2, [], { 'retry-after': '5' })).toEqual({ 'retry-after': '13' })
    expect(written('draft-11', s1, [], { 'Retry-After': '60' })['Retry-After']).toBe('60')
  })

  it('writing a decision twice changes nothing', () => {
    for (const format of ['draft-11', 'draft-7', 'draft-6', 'draft-3', 'legacy', 'legacy-delta'] as const) {
      const once = written(format, s8)
      expect(written(format, s8, [], once)).toEqual(once)
    }
  })
})

describe('partitionKeys', () => {
  const wire: WirePolicy[] = [
    { name: 'a', partitionKey: (key) => `now ${key}` },
    { name: 'b' },
    { name: 'c', partitionKey: (key) => Promise.resolve(`later ${key}`) },
  ]
  const [a, b, c] = ['a', 'b', 'c'].map((name) =>
    decide(policy(name, 5, 60_000, 2, 12_345, { key: `of ${name}` })),
  )

  it('are nothing where no policy shows any', () => {
    expect(partitionKeys(s1, [{ name: 'default' }, { name: 'b' }])).toBeUndefined()
    expect(partitionKeys(s1, [])).toBeUndefined()
  })

  it('are there at once where all are, else with the last', async () => {
    if (!a || !b || !c) throw new Error('no decisions')
    expect(partitionKeys(decide(...a.policies, ...b.policies), wire)).toEqual(
      new Map([
        ['a', 'now of a'],
        ['b', undefined],
      ]),
    )
    const later = partitionKeys(decide(...a.policies, ...c.policies), wire)
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toEqual(
      new Map([
        ['a', 'now of a'],
        ['c', 'later of c'],
      ]),
    )
  })
})

describe('what is refused at construction', () => {
  it.each([
    [
      ['draft-11', 'draft-6'],
      /headers must be at most one draft and one legacy form, got 'draft-11 and draft-6'/,
    ],
    [['draft-8', 'draft-11'], /at most one draft .*, got 'draft-8 and draft-11'/],
    [['legacy', 'draft-3', 'legacy-delta'], /at most .*, got 'legacy and draft-3 and legacy-delta'/],
    [['legacy', 'legacy'], /at most .*, got 'legacy and legacy'/],
    ['draft-12', /headers must be one of 'draft-11', 'draft-10'.*'legacy-delta', got 'draft-12'/],
    ['constructor', /got 'constructor'/],
    [true, /got true/],
  ])('headers: %j', (option, message) => {
    // As JavaScript may call it.
    const given = option as HeadersOption
    expect(() => createHeaderWriter(given, [])).toThrow(TypeError)
    expect(() => createHeaderWriter(given, [])).toThrow(message)
  })
})

describe('for any policies', () => {
  const names = fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
    .filter((name) => /^[ -~]+$/.test(name))
  const anyPolicy = fc
    .record({
      limit: fc.nat(),
      used: fc.nat(),
      allowed: fc.boolean(),
      windowMs: fc.integer({ min: 1, max: 1e11 }),
      span: fc.oneof(fc.integer({ min: -10, max: 1e11 }), fc.constant(Infinity)),
    })
    .map(({ limit, used, allowed, windowMs, span }) =>
      policy('', limit, windowMs, limit - used, span, { allowed, retryAfterMs: allowed ? 0 : span }),
    )
  const anyPolicies = fc.uniqueArray(fc.tuple(names, anyPolicy), { selector: ([name]) => name, minLength: 1 })

  it('the lists are structured fields that say the same', () => {
    fc.assert(
      fc.property(anyPolicies, anyPolicies, (first, second) => {
        const named = (all: typeof first) => all.map(([name, one]) => ({ ...one, name }))
        let lines = written('draft-11', decide(...named(first)), [])
        lines = written('draft-11', decide(...named(second)), [], lines)
        const quotas = parseList(lines['RateLimit-Policy'] ?? '')
        const standings = parseList(lines.RateLimit ?? '')
        expect(quotas.map(([name]) => name)).toEqual(standings.map(([name]) => name))
        const last = new Map(named([...first, ...second]).map((one) => [one.name, one]))
        expect(quotas.map(([name]) => name)).toEqual([...last.keys()])
        for (const [name, parameters] of standings) {
          const one = last.get(String(name))
          expect(parameters.get('r')).toBe(Math.max(0, one?.remaining ?? NaN))
          expect(Number.isSafeInteger(parameters.get('t'))).toBe(true)
          expect(parameters.get('t')).toBeGreaterThanOrEqual(one?.allowed ? 0 : 1)
        }
      }),
    )
  })

  it('draft 7 is a dictionary, the single fields are digits, and a client that obeys is never early', () => {
    fc.assert(
      fc.property(anyPolicies, (all) => {
        const decision = decide(...all.map(([name, one]) => ({ ...one, name })))
        const dictionary = parseDictionary(written('draft-7', decision, []).RateLimit ?? '')
        expect([...dictionary.keys()]).toEqual(['limit', 'remaining', 'reset'])
        const lines = written('legacy', decision, [])
        for (const [, value] of Object.entries(lines)) expect(value).toMatch(/^\d{1,15}$/)
        const due = now + (decision.retryAfterMs < Infinity ? decision.retryAfterMs : 0)
        expect(now + Number(lines['Retry-After'] ?? 0) * 1000).toBeGreaterThanOrEqual(due)
        expect(Number(lines['X-RateLimit-Reset']) * 1000).toBeGreaterThanOrEqual(due)
      }),
    )
  })
})
