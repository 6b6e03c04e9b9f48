import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import type { ConnInfo, KeyOption } from './framework.ts'
import { readKey } from './key-option.ts'
import { byBearer, byHeader, byIp, byMethod, byRoute, byUser, combine, firstOf, headerKey } from './keys.ts'
import { type Asked, data } from './testing/requests.ts'
import { requestView } from './view.ts'

const view = requestView(data, undefined)
const keyOf = (key: KeyOption<[Asked]>, asked: Asked = {}): unknown => readKey(key, view, [asked])
const from = (address: string): Asked => ({ address, peer: address })
const hash = (value: string): string => createHash('sha256').update(value).digest('base64url').slice(0, 22)

describe('byIp', () => {
  it('is the address, or its network', () => {
    expect(keyOf(byIp(), from('192.0.2.1'))).toBe('ip:192.0.2.1')
    expect(keyOf(byIp(), from('::ffff:192.0.2.1'))).toBe('ip:192.0.2.1')
    expect(keyOf(byIp(), from('2001:db8:0:ffff::1'))).toBe('ip:2001:db8:0:ff00::/56')
    expect(keyOf(byIp({ ipv6Prefix: 64 }), from('2001:db8:0:ffff::1'))).toBe('ip:2001:db8:0:ffff::/64')
    expect(keyOf(byIp({ ipv6Prefix: 128 }), from('fe80::1%eth0'))).toBe('ip:fe80::1/128')
  })

  it('that is not known is an error that names the ways out, or one bucket', () => {
    const told = thrown(() => keyOf(byIp()))
    for (const way of [
      'Unix socket',
      'client that is gone',
      'trustProxy',
      'connInfo',
      'another key',
      "unknown: 'one-bucket'",
    ]) {
      expect(told).toContain(way)
    }
    expect(keyOf(byIp({ unknown: 'one-bucket' }))).toBe('ip:unknown')
  })

  it('goes by what connInfo says, which gets what the middleware got', () => {
    const connInfo = vi.fn<(asked: Asked) => { remote: { address?: string } }>(() => ({
      remote: { address: '192.0.2.1' },
    }))
    const asked = from('198.51.100.1')
    expect(keyOf(byIp({ connInfo }), asked)).toBe('ip:192.0.2.1')
    expect(connInfo).toHaveBeenCalledWith(asked)
    expect(keyOf(byIp({ connInfo: () => ({ remote: {} }) }), asked)).toBe('ip:198.51.100.1')
  })

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no connection')
      },
    ],
    ['has no remote', () => ({}) as ConnInfo],
    ['has no address', () => ({ remote: {} })],
    ['has what is no address', () => ({ remote: { address: 'unix:/run/app.sock' } })],
  ])('goes by the framework where connInfo %s', (_what, connInfo) => {
    expect(keyOf(byIp({ connInfo }), from('198.51.100.1'))).toBe('ip:198.51.100.1')
    expect(keyOf(byIp({ connInfo, unknown: 'one-bucket' }))).toBe('ip:unknown')
    expect(thrown(() => keyOf(byIp({ connInfo })))).toMatch(/^Error: the client's address is not known/)
  })

  it('says why connInfo failed, and nothing where it did not', () => {
    const failure = new TypeError('no connection')
    const connInfo = (): never => {
      throw failure
    }
    const causeOf = (key: KeyOption<[Asked]>): unknown => {
      try {
        return keyOf(key)
      } catch (error) {
        return Object.hasOwn(error as Error, 'cause') ? (error as Error).cause : 'none'
      }
    }
    expect(causeOf(byIp({ connInfo }))).toBe(failure)
    expect(causeOf(byIp())).toBe('none')
  })

  it.each([0, -1, 129, 56.5, NaN, Infinity])('refuses a prefix of %d bits', (ipv6Prefix) => {
    expect(thrown(() => byIp({ ipv6Prefix }))).toBe(
      `RangeError: ipv6Prefix must be a whole number from 1 to 128, got ${ipv6Prefix}`,
    )
  })

  it.each([
    [{ ipv6Prefix: '56' }, 'ipv6Prefix must be a whole number from 1 to 128'],
    [{ unknown: 'ignore' }, "unknown must be one of 'error', 'one-bucket', got 'ignore'"],
    [{ unknown: false }, "unknown must be one of 'error', 'one-bucket', got false"],
    [{ connInfo: {} }, 'connInfo must be a function, got an object'],
    [{ ipv6prefix: 56 }, "byIp has no option 'ipv6prefix': did you mean `ipv6Prefix`?"],
    [64, 'what byIp takes must be an object, got 64'],
  ])('refuses %j', (options, told) => {
    expect(thrown(() => byIp(options as never))).toContain(`TypeError: ${told}`)
  })
})

describe('byHeader and byBearer', () => {
  it('are a hash of the value, so that no secret gets into a store', () => {
    const asked = { headers: { 'x-api-key': 'hunter2', authorization: 'Bearer hunter2' } }
    expect(keyOf(byHeader('X-Api-Key'), asked)).toBe(`header:x-api-key:${hash('hunter2')}`)
    expect(keyOf(byBearer(), asked)).toBe(`bearer:${hash('hunter2')}`)
    expect(headerKey('X-Api-Key', 'hunter2')).toBe(keyOf(byHeader('x-api-key'), asked))
  })

  it.each([
    'Bearer t0k',
    'bearer t0k',
    'BEARER   t0k',
    'Bearer t0k  ',
    'Bearer\tt0k',
    'Bearer \tt0k x',
    'Bearer t0k\t,',
  ])('byBearer reads %j', (authorization) => {
    expect(keyOf(byBearer(), { headers: { authorization } })).toBe(`bearer:${hash('t0k')}`)
  })

  it.each(['Basic YTpi', 'Bearer', 'Bearer ', 'Bearert0k', 'xBearer t0k', ''])(
    'byBearer finds no token in %j',
    (authorization) => {
      expect(keyOf(byBearer(), { headers: { authorization } })).toBeUndefined()
    },
  )

  it('are none where the header is not there, or empty', () => {
    expect(keyOf(byHeader('x-api-key'))).toBeUndefined()
    expect(keyOf(byHeader('x-api-key'), { headers: { 'x-api-key': '' } })).toBeUndefined()
    expect(keyOf(byBearer())).toBeUndefined()
  })

  it.each(['', 'x api', 'x:key', 'é', 5, null, undefined])('refuse %j as a name', (name) => {
    const must = 'must be that of a header, got '
    expect(thrown(() => byHeader(name as string))).toMatch(`Error: the name that byHeader takes ${must}`)
    expect(thrown(() => headerKey(name as string, 'x'))).toMatch(
      `Error: the name that headerKey takes ${must}`,
    )
  })

  it.each([5, null, undefined, {}])('headerKey refuses %j as a value, and does not show it', (value) => {
    expect(thrown(() => headerKey('x-a', value as string))).toBe(
      `TypeError: the value that headerKey takes must be text, got ${typeof value}`,
    )
  })
})

describe('byUser', () => {
  it('needs a function', () => {
    for (const user of [undefined, null, 'ada', {}])
      expect(thrown(() => byUser(user as never))).toMatch('TypeError: byUser must be a function, got ')
  })

  it('is who is signed in', async () => {
    expect(keyOf(byUser(() => 'ada'))).toBe('user:ada')
    expect(keyOf(byUser(() => 42))).toBe('user:42')
    expect(keyOf(byUser(() => 0))).toBe('user:0')
    expect(await keyOf(byUser(async () => Promise.resolve('ada')))).toBe('user:ada')
  })

  it.each([undefined, null, ''])('is none where nobody is: %j', (nobody) => {
    expect(keyOf(byUser(() => nobody))).toBeUndefined()
  })

  it.each([[{ id: 7 }], [['ada']], [NaN], [Infinity], [true], [() => 'ada']])(
    'refuses a user %j, since all would be one',
    async (user) => {
      const must = 'TypeError: the user that byUser is told must be text or a finite number, got '
      expect(thrown(() => keyOf(byUser(() => user as never)))).toMatch(must)
      const later = keyOf(byUser(async () => Promise.resolve(user as never)))
      await expect(later).rejects.toThrow(TypeError)
    },
  )

  it('refuses what is no function', () => {
    expect(thrown(() => byUser('ada' as never))).toBe("TypeError: byUser must be a function, got 'ada'")
  })
})

it('byRoute and byMethod are told by the framework', () => {
  expect(keyOf(byRoute(), { route: '/users/:id' })).toBe('route:/users/:id')
  expect(keyOf(byRoute())).toBe('route:')
  expect(keyOf(byMethod(), { method: 'PUT' })).toBe('method:PUT')
})

describe('firstOf', () => {
  it('is the first key that there is, and asks for no other', async () => {
    const last = vi.fn<() => string>(() => 'last')
    expect(keyOf(firstOf<[Asked]>(byHeader('x-api-key'), () => 'second', last))).toBe('second')
    expect(last).not.toHaveBeenCalled()
    expect(await keyOf(firstOf(async () => Promise.resolve(undefined), last))).toBe('last')
    expect(keyOf(firstOf(() => undefined))).toBeUndefined()
    expect(
      keyOf(
        firstOf(
          () => '',
          () => 'second',
        ),
      ),
    ).toBe('second')
  })
})

describe('combine', () => {
  it('is one key for each combination', async () => {
    const both = combine<[Asked]>(byMethod(), ({ route }) => route)
    expect(keyOf(both, { method: 'GET', route: '/a' })).toBe('10:method:GET+2:/a')
    expect(
      await keyOf(
        combine(
          async () => Promise.resolve('a'),
          () => 'b',
        ),
      ),
    ).toBe('1:a+1:b')
  })

  it('has a place for what is not there, and is none where nothing is', () => {
    const both = combine<[Asked]>(byHeader('x-a'), () => 'b')
    expect(keyOf(both)).toBe('-+1:b')
    expect(
      keyOf(
        combine<[Asked]>(
          () => '',
          () => 'b',
        ),
      ),
    ).toBe('-+1:b')
    expect(keyOf(combine<[Asked]>(byHeader('x-a'), byHeader('x-b')))).toBeUndefined()
    expect(
      keyOf(
        combine<[Asked]>(
          () => '',
          () => undefined,
        ),
      ),
    ).toBeUndefined()
  })

  it('never takes two combinations for one', () => {
    const text = fc.string({ unit: fc.constantFrom('+', ':', '-', '1', '2', 'a'), minLength: 1 })
    const part = fc.option(text, { nil: undefined })
    const parts = fc.tuple(part, part, part)
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const [left, right] = [one, other].map((all) => keyOf(combine(...all.map((value) => () => value))))
        const same =
          JSON.stringify(one) === JSON.stringify(other) || (left === undefined && right === undefined)
        expect(left === right).toBe(same)
      }),
    )
  })
})

describe('combine, where one part throws while another is looked up', () => {
  const slow = async (): Promise<string> => Promise.reject(new Error('no such session'))
  const broken = (): never => {
    throw new Error('no such user')
  }

  it('rejects, and leaves no rejection to nobody', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    await expect(keyOf(combine(slow, broken))).rejects.toThrow('no such session')
    await expect(keyOf(combine(async () => Promise.resolve('ada'), broken))).rejects.toThrow('no such user')
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('throws at once where nothing is under way', () => {
    expect(thrown(() => keyOf(combine(() => 'ada', broken, slow)))).toBe('Error: no such user')
  })
})

describe('a list of keys', () => {
  it.each([
    ['firstOf', firstOf],
    ['combine', combine],
  ] as const)('%s refuses what is no key', (name, make) => {
    expect(thrown(() => make())).toMatch(new RegExp(`^TypeError: .*${name}.* at least one key`))
    expect(thrown(() => make(byIp(), 'ip' as never))).toMatch(
      `TypeError: ${name}[1] must be a function of the request or a key`,
    )
  })
})

it('nobody can pose as an address by another kind of key', () => {
  const posing = { headers: { 'x-api-key': 'ip:192.0.2.1', authorization: 'Bearer ip:192.0.2.1' } }
  for (const key of [byHeader('x-api-key'), byBearer(), byUser(() => 'ip:192.0.2.1')]) {
    expect(keyOf(key, posing)).not.toMatch(/^ip:/)
  }
})
