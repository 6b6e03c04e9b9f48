import { isIPv4, isIPv6 } from 'node:net'

import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'

import { canonicalAddress, ipKey } from './address.ts'
import { createCidrMatcher } from './cidr-set.ts'

/** The same client, IPv4 203.0.113.7, in every notation. */
const mapped = [
  '203.0.113.7',
  '::ffff:203.0.113.7',
  '::FFFF:203.0.113.7',
  '::ffff:cb00:7107',
  '::ffff:CB00:7107',
  '0:0:0:0:0:ffff:203.0.113.7',
  '0:0:0:0:0:ffff:cb00:7107',
  '0000:0000:0000:0000:0000:ffff:cb00:7107',
  '0::ffff:cb00:7107',
  '::0:ffff:203.0.113.7',
  '::ffff:203.0.113.7%eth0',
  '203.0.113.7:56',
  '[::ffff:203.0.113.7]',
  '[::ffff:203.0.113.7]:8080',
  '[::ffff:cb00:7107%eth0]:8080',
]

const garbage = [
  '',
  ' ',
  'unknown',
  'unix:',
  '_hidden',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '0x7f.0.0.1',
  '0x7f000001',
  '2130706433',
  '127.1',
  '1.2.3.4 ',
  '1.2.3.4\n',
  '1.2.3.4/32',
  '1.2.3.4%eth0',
  '1.2.3.4:',
  '1.2.3.4:port',
  '1.2.3.4:123456',
  '::1:',
  ':::',
  ':',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:',
  '12345::',
  'g::1',
  '::1.2.3',
  '::ffff:1.2.3.256',
  '::ffff:01.2.3.4',
  '::ffff:0x7f.0.0.1',
  '1.2.3.4::',
  '1:2:3:4:5:6:7:1.2.3.4',
  'fe80::1%',
  '%eth0',
  'x%::1%eth0',
  '::1%eth 0',
  '[::1',
  '::1]',
  '[]',
  '[[::1]]',
  '[::1]8080',
  '[::1]:',
  `::1%${'a'.repeat(100)}`,
]

/** Addresses, and texts that look much like them. */
const likely = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.:.::'.split('')), maxLength: 40 }),
  fc
    .array(fc.constantFrom('', '0', '1', 'ffff', 'Db8', '00ff', '1.2.3.4', '255.0.10.249', '01.2.3.4'), {
      minLength: 2,
      maxLength: 9,
    })
    .map((parts) => parts.join(':')),
  fc
    .array(fc.constantFrom('0', '7', '255', '256', '08', '0x7'), { maxLength: 5 })
    .map((octets) => octets.join('.')),
  fc.ipV4(),
  fc.ipV6(),
)

/** Any address at all; zeros are what makes writing one hard. */
const anyIpv6 = fc
  .array(fc.oneof(fc.constantFrom(0, 0, 0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .chain((parts) =>
    fc.constantFrom(parts, [0x64, 0xff9b, ...parts.slice(2)], [0x64, 0xff9b, 0, 0, 0, 0, ...parts.slice(6)]),
  )
  .map((parts) => parts.map((part) => part.toString(16)).join(':'))

/** What ipaddr.js reads in its strict forms. It takes octal where IPv4 ends IPv6, and all that begins with :: as mapped. */
function theirs(text: string): string | undefined {
  const tail = /(?<=:)[\d.]*\.[\d.]*$/.exec(text)?.[0]
  if (!ipaddr.IPv4.isValidFourPartDecimal(tail ?? '0.0.0.0')) return undefined
  const inGroups =
    tail && Buffer.from(ipaddr.IPv4.parse(tail).toByteArray()).toString('hex').replace(/....$/, ':$&')
  const host = inGroups ? text.slice(0, -tail.length) + inGroups : text
  const isIp = host.includes(':') ? ipaddr.IPv6.isValid(host) : ipaddr.IPv4.isValidFourPartDecimal(host)
  if (!isIp) return undefined
  const address = ipaddr.process(host)
  const isTranslated = address.kind() === 'ipv6' && address.match(ipaddr.parseCIDR('64:ff9b::/96'))
  return isTranslated ? ofLastBytes(address) : address.toString()
}

/** The IPv4 address that NAT64 translated, which ipaddr.js does not read. */
const ofLastBytes = (address: ipaddr.IPv4 | ipaddr.IPv6): string => address.toByteArray().slice(-4).join('.')

describe('canonicalAddress', () => {
  it.each(mapped)('reads %s as IPv4', (text) => {
    expect(canonicalAddress(text)).toBe('203.0.113.7')
  })

  it.each([
    ['::1', '::1'],
    ['::', '::'],
    ['::ffff:0.0.0.0', '0.0.0.0'],
    ['::ffff:0:1', '0.0.0.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['fe80::1%br-lan.100', 'fe80::1'],
    ['[fe80::1%25en0]:443', 'fe80::1'],
    ['[2001:db8::7]:8080', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    // Translated from IPv4 (RFC 6052).
    ['64:ff9b::192.0.2.33', '192.0.2.33'],
    ['64:FF9B::c000:221', '192.0.2.33'],
    ['64:ff9b:0:0:0:0:c000:221%eth0', '192.0.2.33'],
    ['64:ff9b::1.2.0.0', '1.2.0.0'],
    ['64:ff9b::0.0.1.2', '0.0.1.2'],
    ['64:ff9b::', '0.0.0.0'],
    ['64:ff9b::1:c000:221', '64:ff9b::1:c000:221'],
    ['64:ff9b:1::c000:221', '64:ff9b:1::c000:221'],
    ['::64:ff9b:c000:221', '::64:ff9b:c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    // IPv4-compatible, not mapped: the same address in two notations.
    ['::1.2.3.4', '::102:304'],
    ['::102:304', '::102:304'],
    ['::fffe:1.2.3.4', '::fffe:102:304'],
    ['1::ffff:1.2.3.4', '1::ffff:102:304'],
  ])('reads %s as %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })

  it.each(garbage)('gives nothing for %j', (text) => {
    expect(canonicalAddress(text)).toBeUndefined()
  })

  it('knows what Node knows for an address, and no more', () => {
    fc.assert(
      fc.property(likely, (text) => {
        // Node has no ports; everything else of this alphabet has to agree.
        const host = /^([^:]+):\d{1,5}$/.exec(text)?.[1] ?? text
        expect(canonicalAddress(text) !== undefined).toBe(isIPv4(host) || isIPv6(text))
      }),
      { numRuns: 3000 },
    )
  })

  it('reads and writes as ipaddr.js does', () => {
    fc.assert(
      fc.property(fc.oneof(likely, anyIpv6), (text) => {
        const hasPort = /^[^:]+:\d{1,5}$/.test(text)
        expect(canonicalAddress(text)).toBe(theirs(hasPort ? text.replace(/:.*/, '') : text))
      }),
      { numRuns: 3000 },
    )
  })

  it('never throws, and takes no address out of other text', () => {
    const wrapped = fc.tuple(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('::1', '1.2.3.4', ''),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(wrapped, (parts) => {
        const text = parts.join('')
        const looksLikeOne = /^[[\da-f:.]+(%[^\s\]]+)?\]?(:\d+)?$/i.test(text)
        expect(canonicalAddress(text) === undefined || looksLikeOne).toBe(true)
      }),
    )
  })

  it('drops no line break, tab or credentials, as a URL does', () => {
    for (const text of [
      '::\n1',
      '\t::1',
      '::1\n',
      '::1\r',
      ' ::1',
      '::1]/x[',
      'a@[::1]',
      '::1]#',
      '1.2.3.4\t',
    ]) {
      expect(canonicalAddress(text)).toBeUndefined()
      expect(canonicalAddress(`[${text}]`)).toBeUndefined()
    }
  })

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), anyIpv6), (text) => {
        const canonical = canonicalAddress(text) ?? ''
        expect(canonicalAddress(canonical)).toBe(canonical)
      }),
    )
  })
})

describe('ipKey', () => {
  it.each(mapped)('of %s is that of the IPv4 address', (text) => {
    expect(ipKey(text)).toBe('ip:203.0.113.7')
  })

  it('tells two mapped clients apart (CVE-2026-30827)', () => {
    expect(ipKey('::ffff:203.0.113.8')).not.toBe(ipKey('::ffff:203.0.113.7'))
    expect(ipKey('::ffff:cb00:7108', 32)).toBe('ip:203.0.113.8')
  })

  it.each([
    [undefined, 'ip:2001:db8:0:ff00::/56'],
    [64, 'ip:2001:db8:0:ff42::/64'],
    [60, 'ip:2001:db8:0:ff40::/60'],
    [48, 'ip:2001:db8::/48'],
    [1, 'ip:::/1'],
    [128, 'ip:2001:db8:0:ff42:1:2:3:4/128'],
  ])('of an IPv6 address is its network: prefix %s', (prefix, key) => {
    expect(ipKey('2001:db8:0:ff42:1:2:3:4', prefix)).toBe(key)
    expect(ipKey('[2001:0DB8::ff42:1:2:3:4%eth0]:80', prefix)).toBe(key)
  })

  it('is the network that ipaddr.js computes', () => {
    fc.assert(
      fc.property(anyIpv6, fc.integer({ min: 1, max: 128 }), (text, prefix) => {
        fc.pre(!theirs(text)?.includes('.'))
        const network = ipaddr.IPv6.networkAddressFromCIDR(`${text}/${prefix}`).toString()
        expect(ipKey(text, prefix)).toBe(`ip:${network}/${prefix}`)
      }),
    )
  })

  it.each(garbage)('throws a TypeError for %j', (text) => {
    expect(() => ipKey(text)).toThrow(TypeError)
    expect(() => ipKey(text)).toThrow(
      `address must be an IP address, got '${text.slice(0, 60).replace('\n', '?')}`,
    )
  })

  it.each([undefined, null, 5, {}])('throws a TypeError for %j, which is no text', (address) => {
    expect(() => ipKey(address as string)).toThrow(TypeError)
    expect(() => ipKey(address as string)).toThrow('address must be an IP address, got ')
  })

  it.each([0, 129, -1, 56.5, NaN])('throws a RangeError for the prefix %d', (prefix) => {
    const error = new RangeError(`ipv6Prefix must be a whole number from 1 to 128, got ${prefix}`)
    expect(() => ipKey('::1', prefix)).toThrow(error)
    expect(() => ipKey('1.2.3.4', prefix)).toThrow(error)
  })
})

describe('createCidrMatcher', () => {
  const matches = (list: string[], address: string | undefined) => createCidrMatcher('skip', list)(address)

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', '::ffff:203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7/128', '203.0.113.7'],
    ['10.0.0.0/8', '10.255.0.1'],
    ['10.1.2.3/8', '10.255.0.1'],
    ['::ffff:10.0.0.0/104', '10.255.0.1'],
    ['::ffff:a00:0/104', '[::ffff:10.255.0.1]:80'],
    ['::ffff:0:0/96', '1.2.3.4'],
    ['192.0.2.0/24', '64:ff9b::c000:221'],
    ['64:ff9b::192.0.2.0/120', '192.0.2.33'],
    ['64:ff9b::c000:221', '::ffff:192.0.2.33'],
    ['10.0.0.128/25', '10.0.0.200'],
    ['0.0.0.0/0', '1.2.3.4'],
    ['2001:db8::/32', '2001:DB8:ffff::1'],
    ['2001:db8::1/33', '2001:db8:7fff::1'],
    ['2001:db8::7', '2001:db8:0::7%eth0'],
    ['::/0', '2001:db8::7'],
    ['loopback', '127.0.0.53'],
    ['loopback', '::1'],
    ['loopback', '::ffff:127.0.0.1'],
  ])('%s holds %s', (entry, address) => {
    expect(matches([entry], address)).toBe(true)
    expect(matches(['192.0.2.0/24', '2001:db8:1::/48', entry], address)).toBe(true)
  })

  it.each([
    ['203.0.113.7', '203.0.113.8'],
    ['10.0.0.0/8', '11.0.0.0'],
    ['10.0.0.128/25', '10.0.0.127'],
    ['2001:db8::/33', '2001:db8:8000::1'],
    ['::/0', '1.2.3.4'],
    ['::/0', '::ffff:1.2.3.4'],
    ['0.0.0.0/0', '2001:db8::7'],
    ['loopback', '128.0.0.1'],
    ['loopback', '::2'],
    ['0.0.0.0/0', ''],
    ['0.0.0.0/0', undefined],
    ['0.0.0.0/0', 'unknown'],
  ])('%s does not hold %s', (entry, address) => {
    expect(matches([entry], address)).toBe(false)
  })

  it('does not take a network of one length for one of another', () => {
    expect(matches(['10.0.0.0/16', '192.168.0.0/8'], '10.1.0.1')).toBe(false)
    expect(matches([], '10.1.0.1')).toBe(false)
  })

  it.each([
    ...garbage.filter((text) => !text.includes('/')),
    'lo',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '/8',
    '::/129',
    '::ffff:10.0.0.0/95',
    '::ffff:10.0.0.0/8',
    // As IPv4, that would be everybody.
    '64:ff9b::/96',
    '0064:FF9B::/96',
    '64:ff9b::/32',
    '[::1]',
    '1.2.3.4:80',
    'fe80::1%eth0',
  ])('throws a TypeError that names the option and %j', (entry) => {
    expect(() => createCidrMatcher('deny', ['10.0.0.1', entry])).toThrow(TypeError)
    expect(() => createCidrMatcher('deny', ['10.0.0.1', entry])).toThrow(
      `deny must be IP addresses, CIDR ranges or 'loopback', got '${entry.slice(0, 60).replace('\n', '?')}`,
    )
  })

  it('agrees with ipaddr.js', () => {
    const flipped = (text: string, bit: number) => {
      const bytes = ipaddr.parse(text).toByteArray()
      const index = bit >> 3
      if (bytes[index] !== undefined) bytes[index] ^= 128 >> (bit & 7)
      return ipaddr.fromByteArray(bytes).toString()
    }
    const address = fc.oneof(
      fc.ipV4(),
      anyIpv6.map((text) => theirs(text) ?? text),
    )
    fc.assert(
      fc.property(address, fc.nat(128), fc.nat(127), (base, prefix, bit) => {
        // One bit apart: inside or outside by where that bit is.
        const other = flipped(base, bit)
        fc.pre(other.includes('.') === base.includes('.') && prefix <= (base.includes('.') ? 32 : 128))
        const inside = ipaddr.parse(other).match(ipaddr.parseCIDR(`${base}/${prefix}`))
        expect(matches([`${base}/${prefix}`], other)).toBe(inside)
        expect(matches([`${other}/${prefix}`, '::/128', '0.0.0.0/32'], base)).toBe(
          inside || /^(::|0\.0\.0\.0)$/.test(base),
        )
      }),
      { numRuns: 1000 },
    )
  })
})
