import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import { thrown } from '../testing/thrown.ts'
import { parseGate } from './gate-options.ts'
import { ask, frozen, gate, type Options, written } from './testing/requests.ts'

const limit = { limit: 5, window: '1m' } as const
const algorithm = fixedWindow({ limit: 5, window: '1m' })

/** What making a middleware of these options throws; options that no type would let pass are welcome. */
const refused = (options: unknown): string | undefined => thrown(() => gate(options as Options))

/** What is no number, for options that take one. */
const NO_NUMBERS = [null, '5', true, [5], {}, Symbol.iterator.toString()]

describe('numbers', () => {
  const numbers: [option: string, from: number, to: number, options: (value: unknown) => unknown][] = [
    ['limit', 0, Number.MAX_SAFE_INTEGER, (value) => ({ limit: value, window: '1m' })],
    ['cost', 0, Number.MAX_SAFE_INTEGER, (value) => ({ ...limit, cost: value })],
    ['status', 400, 599, (value) => ({ ...limit, status: value })],
    [
      'policies[0].limit',
      0,
      Number.MAX_SAFE_INTEGER,
      (value) => ({ policies: [{ limit: value, window: '1m' }] }),
    ],
    [
      'policies[1].cost',
      0,
      Number.MAX_SAFE_INTEGER,
      (value) => ({ policies: [limit, { ...limit, name: 'b', cost: value }] }),
    ],
  ]

  it.each(numbers)('%s is a whole number from %d to %d', (option, from, to, options) => {
    const must = `${option} must be a whole number from ${from} to ${to}, got `
    for (const value of [from - 1, to + 1, from + 0.5, NaN, Infinity, -Infinity]) {
      expect(refused(options(value))).toBe(`RangeError: ${must}${value}`)
    }
    for (const value of NO_NUMBERS) expect(refused(options(value))).toMatch(`TypeError: ${must}`)
    for (const value of [from, to]) expect(refused(options(value))).toBeUndefined()
  })

  it('limit is needed', () => {
    expect(refused({})).toMatch(/^TypeError: limit must be a whole number from 0 to \d+, got undefined$/)
    expect(refused({ policies: [{ name: 'a', window: '1m' }] })).toMatch(
      'TypeError: policies[0].limit must be',
    )
  })
})

describe('window', () => {
  const must = "window must be from 1 ms to 10 years, such as 60000 or '1m', got "

  it.each([
    0,
    -1,
    0.5,
    NaN,
    Infinity,
    3661 * 86_400_000,
    '',
    '1',
    'm',
    '0s',
    '-1s',
    '1 m',
    '1y',
    '4000d',
    '1M',
  ])('refuses %j as out of range', (window) => {
    expect(refused({ limit: 5, window })).toMatch(`RangeError: ${must}`)
    expect(refused({ limit: () => 5, window })).toMatch(`RangeError: ${must}`)
    expect(refused({ policies: [{ limit: 5, window }] })).toMatch(`RangeError: policies[0].${must}`)
  })

  it.each([undefined, null, true, [], {}])('refuses %j as no duration', (window) => {
    expect(refused({ limit: 5, window })).toMatch(`TypeError: ${must}`)
  })

  it.each([1, 60_000, '1ms', '1s', '1m', '2h', '3660d'])('takes %j', (window) => {
    expect(refused({ limit: 5, window })).toBeUndefined()
  })
})

describe('options of other types', () => {
  const cases: [option: string, must: string, bad: unknown[], good: unknown[]][] = [
    [
      'name',
      '1 to 100 printable ASCII characters',
      ['', 'café', 'tab\there', '🚦', 'a'.repeat(101), 5, null, {}],
      ['a', ' ', '"', '\\', 'a'.repeat(100)],
    ],
    ['mode', "one of 'enforce', 'shadow'", ['off', 'Shadow', '', 1, null, true], ['enforce', 'shadow']],
    [
      'key',
      'a function of the request or a key such as byIp()',
      ['ip', 5, null, {}, [], true],
      [() => 'ada'],
    ],
    ['when', 'a function', ['always', 5, null, true, false, {}], [() => true]],
    ['unit', 'printable ASCII characters', ['', 'Stück', 5, null, {}, true], ['requests', 'content-bytes']],
    [
      'skip',
      'a list of addresses and CIDR ranges, a clientList(), or a function',
      ['10.0.0.0/8', 5, null, {}, true],
      [[], ['10.0.0.0/8', '::1', 'loopback'], () => true],
    ],
    [
      'deny',
      'a list of addresses and CIDR ranges, a clientList(), or a function',
      ['10.0.0.0/8', 5, null, {}, true],
      [[], ['203.0.113.7'], () => true],
    ],
    ['message', 'text, an object or a function', [5, null, true, NaN], ['', 'no', {}, [], () => 'no']],
    ['respond', 'a function', ['no', 5, null, {}, true], [() => undefined]],
    ['property', 'text that is not empty', ['', 5, null, {}, true], ['quota']],
    ['store', 'a store such as memoryStore()', ['memory', 5, null, {}, new Map(), true], []],
    ['shared', 'one of true, false', ['yes', 0, 1, {}, NaN], [true, false]],
    ...['expose', 'skipWhenCacheable', 'skipOnRedirect', 'enabled'].map(
      (option): [string, string, unknown[], unknown[]] => [
        option,
        'one of true, false',
        ['yes', 0, 1, null, {}, NaN],
        [true, false],
      ],
    ),
  ]

  it.each(cases)('%s must be %s', (option, must, bad, good) => {
    for (const value of bad)
      expect(refused({ ...limit, [option]: value })).toMatch(`TypeError: ${option} must be ${must}, got `)
    for (const value of good) expect(refused({ ...limit, [option]: value })).toBeUndefined()
  })

  it.each(['name', 'mode', 'key', 'when', 'unit'])('policies[0].%s is told with its place', (option) => {
    expect(refused({ policies: [{ ...limit, [option]: 5 }] })).toMatch(
      `TypeError: policies[0].${option} must be `,
    )
  })

  it.each([5, 'tokenBucket', {}, null, [], { kind: 'mine' }])('algorithm: refuses %j', (value) => {
    expect(refused({ algorithm: value })).toMatch(
      'TypeError: algorithm must be an algorithm such as tokenBucket(), got ',
    )
  })

  it('algorithm: an algorithm, or a function that gives one', () => {
    expect(refused({ algorithm })).toBeUndefined()
    const http = gate({ algorithm: () => ({}) as typeof algorithm, key: () => 'ada' })
    expect(thrown(() => http.handle({}))).toMatch('TypeError: algorithm must be an algorithm')
  })

  it.each([['10.0.0.0/33'], ['10.0.0'], ['example.com'], ['::1/129'], [''], [5]])(
    'skip and deny: refuse %j in a list',
    (entry) => {
      for (const option of ['skip', 'deny']) {
        expect(refused({ ...limit, [option]: ['::1', entry] })).toMatch(
          `TypeError: ${option} must be IP addresses, CIDR ranges or 'loopback', got `,
        )
      }
    },
  )

  it.each([5, 'text', null, undefined, true])('the options themselves: refuses %j', (options) => {
    expect(refused(options)).toMatch('TypeError: what rateLimit takes must be an object, got ')
  })

  it.each([{}, 'burst', 5, null, []])('policies: refuses %j', (policies) => {
    expect(refused({ policies })).toMatch('TypeError: policies must be a list of at least one policy, got ')
  })

  it.each([5, 'burst', null, undefined])('policies: refuses %j in the list', (policy) => {
    expect(refused({ policies: [limit, policy] })).toMatch(
      'TypeError: what policies[1] takes must be an object, got ',
    )
  })

  it.each([5, null, {}, () => 'limiter', memoryLike()])('limiter: refuses %j', (limiter) => {
    expect(refused({ limiter })).toMatch('TypeError: limiter must be what createLimiter() gives, got ')
  })
})

describe('on', () => {
  it.each([5, 'policyReset', true])('refuses %j', (on) => {
    expect(refused({ ...limit, on })).toMatch('TypeError: what on takes must be an object, got ')
  })

  it.each([5, 'log', {}, true])('policyReset must be a function, not %j', (policyReset) => {
    expect(refused({ ...limit, on: { policyReset } })).toMatch(/policyReset must be a function, got /)
  })
})

describe('headers', () => {
  it.each([true, 5, null, {}, 'draft-12', 'draft-4', ['draft-11', true], 'X-RateLimit'])(
    'refuses %j',
    (headers) => {
      expect(refused({ ...limit, headers })).toMatch(
        /^TypeError: headers must be .*draft-11.*legacy-delta.* got /,
      )
    },
  )

  it.each([
    [['draft-11', 'draft-7']],
    [['draft-6', 'draft-3']],
    [['draft-8', 'draft-11']],
    [['legacy', 'legacy-delta']],
  ])('refuses %j together', (headers) => {
    expect(refused({ ...limit, headers })).toMatch(
      `TypeError: headers must be at most one draft and one legacy form, got '${headers[0]} and ${headers[1]}'`,
    )
  })

  it('refuses one twice', () => {
    expect(refused({ ...limit, headers: ['legacy', 'legacy'] })).toBe(
      "TypeError: headers must be at most one draft and one legacy form, got 'legacy and legacy'",
    )
  })
})

describe('trustProxy', () => {
  it.each([true, null, {}, () => true])('refuses %j, which would believe anyone', (trustProxy) => {
    expect(refused({ ...limit, trustProxy })).toMatch(
      'TypeError: trustProxy must be false, the number of proxies, their addresses, or the header that the edge sets',
    )
  })

  it.each([0, -1, 1.5, NaN, Infinity, 101])('refuses %d hops', (trustProxy) => {
    expect(refused({ ...limit, trustProxy })).toMatch(
      new RegExp(`^RangeError: trustProxy must be a whole number from 1 to 100.* got ${trustProxy}$`),
    )
  })

  it.each(['10.0.0.0/40', 'not a header', '', 'x-forwarded-for', ['10.0.0.0/8', 'x-real-ip']])(
    'refuses %j',
    (trustProxy) => {
      expect(refused({ ...limit, trustProxy })).toMatch(/^TypeError: trustProxy/)
    },
  )
})

describe('partitionKey', () => {
  it.each([5, 'hunter2', null, true])('refuses %j, and does not show it', (partitionKey) => {
    expect(refused({ ...limit, partitionKey })).toBe(
      `TypeError: what partitionKey takes must be an object, got ${partitionKey === null ? 'null' : typeof partitionKey}`,
    )
  })

  it('is told with its place in a list', () => {
    const told = (partitionKey: unknown): unknown => refused({ policies: [{ ...limit, partitionKey }] })
    expect(told({ secret: 'hunter2' })).toBe(
      'RangeError: policies[0].partitionKey.secret must be at least 16 bytes, got 7',
    )
    expect(told({})).toBe('TypeError: policies[0].partitionKey.secret must be text or bytes, got undefined')
    expect(told('hunter2')).toBe(
      'TypeError: what policies[0].partitionKey takes must be an object, got string',
    )
  })

  it('needs a secret of 16 bytes, and says nothing of the one it got', () => {
    expect(refused({ ...limit, partitionKey: {} })).toBe(
      'TypeError: partitionKey.secret must be text or bytes, got undefined',
    )
    expect(refused({ ...limit, partitionKey: { secret: 5 } })).toMatch(
      'TypeError: partitionKey.secret must be text or bytes',
    )
    const short = refused({ ...limit, partitionKey: { secret: 'hunter2' } })
    expect(short).toMatch(/^RangeError: .*secret must be at least 16 bytes, got 7$/)
    expect(refused({ ...limit, partitionKey: { secret: new Uint8Array(16) } })).toBeUndefined()
    expect(refused({ ...limit, partitionKey: { secret: 'k'.repeat(16), sekret: 1 } })).toMatch(
      "no option 'sekret'",
    )
  })
})

describe('unknown names', () => {
  it.each([
    ['windw', 'did you mean `window`?'],
    ['limits', 'did you mean `limit`?'],
    ['keys', 'did you mean `key`?'],
    ['polices', 'did you mean `policies`?'],
    ['trustproxy', 'did you mean `trustProxy`?'],
    ['mesage', 'did you mean `message`?'],
    ['windowMs', "`windowMs` is express-rate-limit's name; write `window: 60000`"],
    ['max', "`max` is another library's name; write `limit`"],
    ['keyGenerator', "`keyGenerator` is another library's name; write `key`"],
    ['handler', "`handler` is another library's name; write `respond`"],
    ['points', "`points` is rate-limiter-flexible's name; write `limit`"],
    [
      'duration',
      "`duration` is seconds in rate-limiter-flexible and milliseconds in koa-ratelimit; write `window: '60s'`",
    ],
    ['db', "`db` is koa-ratelimit's name; write `store`"],
  ])('%s: %s', (name, hint) => {
    expect(refused({ ...limit, [name]: 5 })).toBe(`TypeError: rateLimit has no option '${name}': ${hint}`)
  })

  it('that are near nothing are answered with all that there are', () => {
    const told = refused({ ...limit, zebra: 5 })
    for (const name of ['limit', 'window', 'policies', 'limiter', 'key', 'skip', 'trustProxy', 'respond']) {
      expect(told).toMatch(new RegExp(`no option 'zebra': .*\\b${name}\\b`))
    }
  })

  it('are told with their place in a list, in byIp and in on', () => {
    expect(refused({ policies: [{ ...limit, windowMs: 5 }] })).toMatch("policies[0] has no option 'windowMs'")
    expect(refused({ policies: [{ ...limit, skip: [] }] })).toMatch("policies[0] has no option 'skip'")
    expect(refused({ ...limit, on: { policyResets: () => undefined } })).toMatch(
      "on has no option 'policyResets'",
    )
  })

  it('that objects inherit are unknown too', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      expect(refused({ ...limit, [name]: 5 })).toMatch(`rateLimit has no option '${name}'`)
    }
  })
})

describe('options that exclude each other', () => {
  const limiter = createLimiter({ ...limit, store: frozen() })

  it.each([
    ['algorithm', 'limit', { algorithm, limit: 5 }],
    ['algorithm', 'window', { algorithm, window: '1m' }],
    ['policies', 'limit', { policies: [limit], limit: 5 }],
    ['policies', 'key', { policies: [limit], key: () => 'ada' }],
    ['policies', 'name', { policies: [limit], name: 'a' }],
    ['limiter', 'policies', { limiter, policies: [limit] }],
    ['limiter', 'limit', { limiter, ...limit }],
    ['limiter', 'algorithm', { limiter, algorithm }],
    ['limiter', 'store', { limiter, store: frozen() }],
    ['limiter', 'shared', { limiter, shared: true }],
    ['limiter', 'mode', { limiter, mode: 'shadow' }],
  ])('%s and %s', (one, other, options) => {
    expect(refused(options)).toBe(`TypeError: ${one} and ${other} exclude each other`)
  })

  it('in a list are told', () => {
    expect(refused({ policies: [{ algorithm, limit: 5 }] })).toMatch('algorithm and limit exclude each other')
  })

  it('policies of one name', () => {
    const policies = [
      { ...limit, name: 'a' },
      { ...limit, name: 'b' },
      { ...limit, name: 'a' },
    ]
    expect(refused({ policies })).toBe("TypeError: policies[2].name must be there once, got 'a'")
    expect(refused({ policies: [limit, limit] })).toBe(
      "TypeError: policies[1].name must be there once, got 'default'",
    )
  })
})

describe("the update of a middleware's own limiter", () => {
  const two = {
    policies: [
      { ...limit, name: 'a' },
      { ...limit, name: 'b' },
    ],
  }
  const shown = ({ limiter }: ReturnType<typeof gate>): unknown =>
    limiter.policies.map((policy) => [policy.name, policy.limit])

  it('may change how its policies count, in any order', () => {
    const http = gate({ ...two, store: frozen() })
    http.limiter.update({
      policies: [
        { name: 'b', limit: 7, window: '1m' },
        { name: 'a', algorithm },
      ],
    })
    expect(shown(http)).toEqual([
      ['b', 7],
      ['a', 5],
    ])
  })

  it.each([
    ['adds one', { policies: [...two.policies, { ...limit, name: 'c' }] }],
    ['removes one', { policies: [{ ...limit, name: 'a' }] }],
    [
      'renames one',
      {
        policies: [
          { ...limit, name: 'a' },
          { ...limit, name: 'c' },
        ],
      },
    ],
    ['is for one policy in short', limit],
  ])('that %s is refused, and changes nothing', (_what, next) => {
    const http = gate({ ...two, store: frozen() })
    expect(thrown(() => http.limiter.update(next))).toBe(
      'TypeError: update() must keep the policies, none of which may leave its algorithm to requests',
    )
    expect(shown(http)).toEqual([
      ['a', 5],
      ['b', 5],
    ])
  })

  it('with a policy whose algorithm requests choose is refused', () => {
    const http = gate({ window: '1m', limit: () => 5, key: () => 'ada', store: frozen() })
    expect(thrown(() => http.limiter.update(limit))).toMatch('TypeError: update() must keep')
    expect(shown(http)).toEqual([['default', undefined]])
    expect(http.handle({})).toMatchObject({ decision: { limit: 5 } })
  })

  it('still refuses what no limiter takes', () => {
    const http = gate({ ...limit, store: frozen() })
    expect(thrown(() => http.limiter.update({ limit: -1, window: '1m' }))).toMatch(
      'RangeError: limit must be',
    )
    expect(thrown(() => http.limiter.update({ ...limit, key: 'ada' } as never))).toMatch(
      "TypeError: update has no option 'key'",
    )
  })
})

it('a limiter that has no algorithm of its own is refused', () => {
  const { limiter } = gate({ algorithm: () => algorithm, store: frozen() })
  expect(refused({ limiter })).toBe(
    'TypeError: limiter must be one whose policies have algorithms of their own, got an object',
  )
})

describe('defaults', () => {
  it('are those of the contract', () => {
    const { settings, policies } = parseGate<[], never>(limit)
    expect(settings).toMatchObject({
      status: 429,
      property: 'rateLimit',
      expose: false,
      skipWhenCacheable: false,
      skipOnRedirect: false,
      enabled: true,
    })
    expect(policies).toMatchObject([{ name: 'default', cost: 1, when: undefined, algorithm: undefined }])
    const fields = written(
      ask(gate({ ...limit, store: frozen() }), { address: '192.0.2.1', peer: '192.0.2.1' }),
    )
    expect(Object.keys(fields)).toEqual([
      'RateLimit-Policy',
      'RateLimit',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Used',
      'X-RateLimit-Reset',
    ])
  })
})

/** Something that looks like a limiter from afar. */
function memoryLike(): object {
  return { take: () => undefined, policies: [] }
}
