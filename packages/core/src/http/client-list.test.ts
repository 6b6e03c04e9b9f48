import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import { ipKey } from './address.ts'
import { clientList } from './client-list.ts'
import { headerKey } from './keys.ts'

describe('a list of clients', () => {
  it('has what it was made with', () => {
    const list = clientList({ addresses: ['10.0.0.0/8', '203.0.113.7'], keys: ['user:42'] })
    expect([...list.addresses]).toEqual(['10.0.0.0/8', '203.0.113.7'])
    expect([...list.keys]).toEqual(['user:42'])
    expect(['10.1.2.3', '203.0.113.7', '203.0.113.8'].map(list.addresses.has)).toEqual([true, true, false])
    expect([list.keys.has('user:42'), list.keys.has('user:43')]).toEqual([true, false])
  })

  it('may be empty', () => {
    for (const list of [clientList(), clientList({}), clientList({ addresses: [], keys: [] })]) {
      expect([list.addresses.size, list.keys.size]).toEqual([0, 0])
      expect(list.addresses.has('203.0.113.7')).toBe(false)
      expect(list.addresses.has(undefined)).toBe(false)
    }
  })

  it('adds, removes and replaces', () => {
    const list = clientList({ addresses: ['10.0.0.0/8'], keys: ['user:1'] })
    list.add({ addresses: ['203.0.113.7', '2001:db8::/32'] })
    list.add({ keys: ['user:2'] })
    list.add({ addresses: ['10.0.0.0/8'], keys: ['user:2'] })
    expect([list.addresses.size, list.keys.size]).toEqual([3, 2])
    list.remove({ addresses: ['10.0.0.0/8', '192.0.2.1'], keys: ['user:1', 'user:9'] })
    expect([...list.addresses]).toEqual(['203.0.113.7', '2001:db8::/32'])
    expect([...list.keys]).toEqual(['user:2'])
    list.replace({ keys: ['user:3'] })
    expect([[...list.addresses], [...list.keys]]).toEqual([[], ['user:3']])
  })

  it('takes an entry in any notation, and tells it in one', () => {
    const list = clientList({
      addresses: ['10.1.2.3/8', '::ffff:203.0.113.7', '2001:DB8:0::/32', '::1/128', '::ffff:192.0.2.0/120'],
    })
    const told = ['10.0.0.0/8', '203.0.113.7', '2001:db8::/32', '::1', '192.0.2.0/24']
    expect([...list.addresses].toSorted()).toEqual(told.toSorted())
    list.remove({ addresses: ['10.9.9.9/8', '203.0.113.7/32', '2001:db8::/32', '::1', '192.0.2.0/24'] })
    expect([...list.addresses]).toEqual([])
  })

  it('knows loopback', () => {
    const list = clientList({ addresses: ['loopback'] })
    expect([...list.addresses]).toEqual(['127.0.0.0/8', '::1'])
    list.remove({ addresses: ['loopback'] })
    expect(list.addresses.size).toBe(0)
  })

  it('keeps a range from which an address shall be removed', () => {
    const list = clientList({ addresses: ['10.0.0.0/8'] })
    list.remove({ addresses: ['10.1.2.3'] })
    expect(list.addresses.has('10.1.2.3')).toBe(true)
  })

  it('takes what ipKey and headerKey give', async () => {
    const list = clientList({ keys: [ipKey('2001:db8::1'), await headerKey('x-api-key', 'secret')] })
    expect(list.keys.has('ip:2001:db8::/56')).toBe(true)
    expect(list.keys.has(await headerKey('X-Api-Key', 'secret'))).toBe(true)
  })

  it.each([
    [
      { addresses: ['192.0.2.1', '10.0.0.0/33'] },
      "addresses must be IP addresses, CIDR ranges or 'loopback'",
    ],
    [{ addresses: ['192.0.2.1', 'example.org'] }, "got 'example.org'"],
    [{ addresses: '10.0.0.0/8' }, "addresses must be a list of addresses and CIDR ranges, got '10.0.0.0/8'"],
    [{ keys: 'user:1' }, "keys must be a list of keys, got 'user:1'"],
    [{ addresses: ['192.0.2.1'], keys: [42] }, "keys must be a list of keys such as 'user:42', got 42"],
    [{ keys: ['user:1', ''] }, 'the length of each of keys must be a whole number from 1 to 256, got 0'],
    [
      { keys: ['s3cret'.repeat(50)] },
      'the length of each of keys must be a whole number from 1 to 256, got 300',
    ],
    [{ ips: ['192.0.2.1'] }, "clientList has no option 'ips': addresses, keys"],
    [['192.0.2.1'], "clientList has no option '0'"],
    [null, 'what clientList takes must be an object, got null'],
  ])('%j throws and changes nothing', (entries, told) => {
    expect(thrown(() => clientList(entries as never))).toContain(told)
    const list = clientList({ addresses: ['203.0.113.7'], keys: ['user:42'] })
    for (const change of [list.add, list.remove, list.replace]) {
      expect(thrown(() => change(entries as never))).toContain(told)
    }
    expect([...list.addresses, ...list.keys]).toEqual(['203.0.113.7', 'user:42'])
  })

  it('is as a list made anew, whatever has changed, and finds what an independent library finds', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.129', '10.1.0.1', '2001:db8::1', '2001:db8:1::1')
    const range = fc
      .tuple(address, fc.integer({ min: 0, max: 128 }))
      .map(([ip, bits]) => `${ip}/${ip.includes(':') ? bits : bits % 33}`)
    const change = fc.record({
      how: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
      addresses: fc.array(range, { maxLength: 3 }),
    })
    const baseOf = (cidr: string): string =>
      (cidr.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4).networkAddressFromCIDR(cidr).toString() +
      cidr.slice(cidr.indexOf('/'))
    fc.assert(
      fc.property(fc.array(change), address, (changes, asked) => {
        const list = clientList()
        let expected = new Set<string>()
        for (const { how, addresses } of changes) {
          list[how]({ addresses })
          if (how === 'replace') expected = new Set()
          for (const cidr of addresses.map(baseOf)) {
            if (how === 'remove') expected.delete(cidr)
            else expected.add(cidr)
          }
        }
        const ip = ipaddr.parse(asked)
        const isIn = [...expected].some((cidr) => {
          const [base, bits] = ipaddr.parseCIDR(cidr)
          return base.kind() === ip.kind() && ip.match([base, bits] as never)
        })
        expect(list.addresses.has(asked)).toBe(isIn)
        expect(list.addresses.size).toBe(expected.size)
        expect(clientList({ addresses: [...list.addresses] }).addresses.has(asked)).toBe(isIn)
      }),
      { numRuns: 500 },
    )
  })

  it('finds one of 100,000 addresses without looking at each', () => {
    const addresses = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    const list = clientList({ addresses })
    expect(list.addresses.size).toBe(100_000)
    // To look at each would be 10,000,000,000 comparisons, which no time limit of a test allows.
    expect(addresses.every(list.addresses.has)).toBe(true)
    expect(list.addresses.has('10.1.134.160')).toBe(false)
  })
})
