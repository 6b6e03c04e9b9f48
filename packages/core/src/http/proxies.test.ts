import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createAddressResolver, type TrustProxy } from './proxies.ts'

function resolve(trustProxy: TrustProxy, peer: string | undefined, headers: Record<string, string> = {}) {
  return createAddressResolver(trustProxy)(peer, (name) => headers[name.toLowerCase()])
}

const forwarded = (list: string) => ({ 'x-forwarded-for': list })

describe('trustProxy: false', () => {
  it('is the peer, whatever the headers say', () => {
    expect(resolve(false, '203.0.113.7', forwarded('1.1.1.1'))).toBe('203.0.113.7')
    expect(resolve(false, '::ffff:203.0.113.7')).toBe('::ffff:203.0.113.7')
    expect(resolve(false, undefined, forwarded('1.1.1.1'))).toBeUndefined()
    expect(resolve(false, '')).toBeUndefined()
  })
})

describe('trustProxy: a number of hops', () => {
  const list = forwarded('6.6.6.6, 3.3.3.3, 2.2.2.2,1.1.1.1')

  it.each([
    [1, '1.1.1.1'],
    [2, '2.2.2.2'],
    [3, '3.3.3.3'],
    [4, '6.6.6.6'],
    [5, '6.6.6.6'],
    [100, '6.6.6.6'],
  ])('%d: the entry so far from the right', (hops, address) => {
    expect(resolve(hops, '10.0.0.1', list)).toBe(address)
  })

  it('without entries it is the peer', () => {
    expect(resolve(2, '10.0.0.1')).toBe('10.0.0.1')
    expect(resolve(2, '10.0.0.1', forwarded(''))).toBe('10.0.0.1')
  })

  it('behind a Unix socket the entries still count', () => {
    for (const peer of [undefined, '']) {
      expect(resolve(1, peer, list)).toBe('1.1.1.1')
      expect(resolve(1, peer)).toBeUndefined()
    }
  })

  it('an entry that is no address is answered with the nearest hop on its right', () => {
    expect(resolve(1, '10.0.0.1', forwarded('1.1.1.1, unknown'))).toBe('10.0.0.1')
    expect(resolve(2, '10.0.0.1', forwarded('garbage, 2.2.2.2'))).toBe('2.2.2.2')
    expect(resolve(3, '10.0.0.1', forwarded('garbage, unknown, 2.2.2.2'))).toBe('2.2.2.2')
    expect(resolve(2, '10.0.0.1', forwarded('1.1.1.1, unix:'))).toBe('1.1.1.1')
    expect(resolve(1, '10.0.0.1', forwarded('1.1.1.1,'))).toBe('10.0.0.1')
    expect(resolve(2, '10.0.0.1', forwarded(',1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve(1, undefined, forwarded('garbage'))).toBeUndefined()
  })

  it('gives the canonical address, without port, brackets or zone', () => {
    expect(resolve(1, '10.0.0.1', forwarded('1.1.1.1:5678'))).toBe('1.1.1.1')
    expect(resolve(1, '10.0.0.1', forwarded('[2001:DB8:0::7]:80'))).toBe('2001:db8::7')
    expect(resolve(1, '10.0.0.1', forwarded('::ffff:1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve(1, '10.0.0.1', forwarded('\t1.1.1.1 '))).toBe('1.1.1.1')
  })

  it.each([0, 101, -1, 1.5, NaN, Infinity])('%d throws', (hops) => {
    expect(() => createAddressResolver(hops)).toThrow(
      new RangeError(`trustProxy must be a whole number from 1 to 100, or false for no proxy, got ${hops}`),
    )
  })
})

describe('trustProxy: addresses', () => {
  it('walks from the right while they are trusted', () => {
    const trusted = ['10.0.0.0/8', '2001:db8::/32']
    expect(resolve(trusted, '10.0.0.1', forwarded('6.6.6.6, 1.1.1.1, 2001:db8::7, 10.9.9.9'))).toBe('1.1.1.1')
    expect(resolve(trusted, '::ffff:10.0.0.1', forwarded('1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve('10.0.0.0/8', '10.0.0.1', forwarded('1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve('10.0.0.1', '10.0.0.1', forwarded('1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve('::1', '::1', forwarded('1.1.1.1'))).toBe('1.1.1.1')
    expect(resolve('loopback', '127.0.0.1', forwarded('6.6.6.6, 1.1.1.1, ::1'))).toBe('1.1.1.1')
  })

  it('does not believe a peer that is not trusted', () => {
    expect(resolve('10.0.0.0/8', '203.0.113.7', forwarded('1.1.1.1'))).toBe('203.0.113.7')
    expect(resolve([], '127.0.0.1', forwarded('1.1.1.1'))).toBe('127.0.0.1')
  })

  it('where everybody is trusted it is the leftmost', () => {
    expect(resolve('10.0.0.0/8', '10.0.0.1', forwarded('10.0.0.3, 10.0.0.2'))).toBe('10.0.0.3')
    expect(resolve('10.0.0.0/8', '10.0.0.1')).toBe('10.0.0.1')
  })

  it('stops at an entry that is no address', () => {
    expect(resolve('10.0.0.0/8', '10.0.0.1', forwarded('1.1.1.1, unknown, 10.0.0.2'))).toBe('10.0.0.2')
    expect(resolve('10.0.0.0/8', '10.0.0.1', forwarded('1.1.1.1, '))).toBe('10.0.0.1')
  })

  it('trusts a Unix socket where loopback is listed, and only there', () => {
    for (const peer of [undefined, '']) {
      expect(resolve('loopback', peer, forwarded('1.1.1.1'))).toBe('1.1.1.1')
      expect(resolve(['10.0.0.0/8', 'loopback'], peer, forwarded('1.1.1.1, 10.0.0.2'))).toBe('1.1.1.1')
      expect(resolve('loopback', peer, forwarded('garbage'))).toBeUndefined()
      expect(resolve(['10.0.0.0/8'], peer, forwarded('1.1.1.1'))).toBeUndefined()
    }
  })

  it.each([
    '10.0.0.0/33',
    '10.0.0.0-10.0.0.255',
    '10.0.0.256',
    '10.0.0.1, 10.0.0.2',
    '1',
    '',
    'x real ip',
    'loopback, linklocal',
  ])('%j throws', (text) => {
    expect(() => createAddressResolver(text)).toThrow(TypeError)
    expect(() => createAddressResolver(text)).toThrow(
      `trustProxy must be IP addresses, CIDR ranges or 'loopback', or the header that the edge sets ` +
        `(for X-Forwarded-For: the number of proxies), got '${text}'`,
    )
    expect(() => createAddressResolver(['10.0.0.1', text])).toThrow(TypeError)
  })
})

describe('trustProxy: a header', () => {
  it('is the address in it', () => {
    expect(resolve('cf-connecting-ip', '10.0.0.1', { 'cf-connecting-ip': '1.1.1.1' })).toBe('1.1.1.1')
    expect(resolve('X-Real-IP', '10.0.0.1', { 'x-real-ip': ' 2001:DB8::7 ' })).toBe('2001:db8::7')
    expect(resolve('Fastly-Client_I.P', undefined, { 'fastly-client_i.p': '1.1.1.1' })).toBe('1.1.1.1')
  })

  it('where it has no address, or more than one, it is the peer', () => {
    const at = (value: string) => resolve('x-real-ip', '10.0.0.1', { 'x-real-ip': value })
    expect(resolve('x-real-ip', '10.0.0.1')).toBe('10.0.0.1')
    expect(at('')).toBe('10.0.0.1')
    expect(at('garbage')).toBe('10.0.0.1')
    expect(at('1.1.1.1, 2.2.2.2')).toBe('10.0.0.1')
    expect(resolve('x-real-ip', '', { 'x-real-ip': 'garbage' })).toBeUndefined()
  })

  it.each([
    'linklocal',
    'uniquelocal',
    'loop-back',
    'Link-Local',
    'unique-local',
    'LOCALHOST',
    'true',
    'Forwarded',
    'X-Forwarded-For',
    '-x-real-ip',
    '1-real-ip',
  ])('%s throws', (name) => {
    expect(() => createAddressResolver(name)).toThrow(TypeError)
    expect(() => createAddressResolver(name)).toThrow('for X-Forwarded-For: the number of proxies')
  })
})

it('trustProxy: true tells what to write instead', () => {
  // As JavaScript may call it.
  for (const given of [true, null, undefined] as unknown as TrustProxy[]) {
    expect(() => createAddressResolver(given)).toThrow(TypeError)
    expect(() => createAddressResolver(given)).toThrow(
      'trustProxy must be false, the number of proxies, their addresses, or the header that the edge sets ' +
        `(true would believe anyone), got ${String(given)}`,
    )
  }
})

describe('a hostile X-Forwarded-For', () => {
  it('never makes it throw, and the answer is an address that somebody wrote', () => {
    const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.9', '', 'unknown'), fc.string())
    const trust = fc.constantFrom<TrustProxy>(1, 2, 100, 'loopback', ['10.0.0.0/8'], 'x-real-ip')
    fc.assert(
      fc.property(trust, fc.array(entry), (trustProxy, entries) => {
        const list = entries.join(',')
        const answer = resolve(trustProxy, '10.0.0.1', { 'x-forwarded-for': list, 'x-real-ip': list }) ?? ''
        expect(resolve(1, undefined, forwarded(answer))).toBe(answer)
      }),
    )
  })

  it('is not looked at beyond a hundred entries', () => {
    const list = `1.1.1.1${',10.0.0.2'.repeat(10_000)}`
    expect(resolve('10.0.0.0/8', '10.0.0.1', forwarded(list))).toBe('10.0.0.2')
    expect(resolve(100, '10.0.0.1', forwarded(`1.1.1.1${',10.0.0.2'.repeat(99)}`))).toBe('1.1.1.1')
    expect(resolve(1, '10.0.0.1', forwarded('a'.repeat(100_000)))).toBe('10.0.0.1')
  })
})
