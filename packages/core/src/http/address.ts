import ipaddr from 'ipaddr.js'

import { shown, wholeNumber } from '../check.ts'

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const DOTTED = `(${OCTET}(?:\\.${OCTET}){3})`

/** IPv4, by itself or mapped the way sockets give it. */
const IPV4 = new RegExp(`^(?:::ffff:)?${DOTTED}$`, 'i')
const DOTTED_TAIL = new RegExp(`:${DOTTED}$`)

/** `[address]`, `[address]:port`, `1.2.3.4:port` */
const BRACKETS_OR_PORT = /^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/
const ZONE = /^([^%]*:[^%]*)%[^\s\]]+$/

/** The longest IPv6 address has 45 characters; the rest is for a zone, brackets and a port. */
const MAX_LENGTH = 100

/**
 * Reads an IP address, also with a port, brackets or a zone, which are dropped; an IPv4-mapped IPv6 address in
 * any notation gives the IPv4 address. What is none gives `undefined`, as do IPv4 forms that are not four
 * decimal octets without leading zeros.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, bracketed, withPort] = BRACKETS_OR_PORT.exec(text) ?? []
  const host = bracketed ?? withPort ?? text
  return parseBare(ZONE.exec(host)?.[1] ?? host)
}

/** The address as text in canonical form (RFC 5952), or `undefined` for what is none. */
export function canonicalAddress(text: string): string | undefined {
  // Nearly every address is plain IPv4; reading it for good takes several times as long.
  return IPV4.exec(text)?.[1] ?? parseAddress(text)?.toString()
}

/**
 * The key of a client: its IPv4 address, `ip:203.0.113.7`, or its IPv6 network, `ip:2001:db8:0:ff00::/56`,
 * since one client has a whole network of IPv6 addresses. The prefix has 1 to 128 bits; default 56.
 * @throws TypeError for what is no address, RangeError for a prefix out of range
 */
export function ipKey(address: string, ipv6Prefix = 56): string {
  wholeNumber('ipv6Prefix', ipv6Prefix, 1, 128)
  const plain = IPV4.exec(address)?.[1]
  if (plain) return `ip:${plain}`
  const parsed = parseAddress(address)
  if (!parsed) throw new TypeError(`address must be an IP address, got ${shown(address)}`)
  if (parsed instanceof ipaddr.IPv4) return `ip:${parsed.toString()}`
  return `ip:${ipaddr.fromByteArray(networkOf(parsed, ipv6Prefix)).toString()}/${ipv6Prefix}`
}

/**
 * Makes a test for addresses in a list of single addresses, CIDR ranges and `loopback`; what is no address is
 * in no list. Its time grows with the number of different prefix lengths, not with that of the entries.
 * @throws TypeError that names the option and the entry
 */
export function createCidrMatcher(
  option: string,
  list: readonly string[],
): (address: string | undefined) => boolean {
  const networks = new Set<string>()
  const prefixes = { ipv4: new Set<number>(), ipv6: new Set<number>() }
  for (const entry of list.flatMap((item) => (item === 'loopback' ? ['127.0.0.0/8', '::1'] : item))) {
    const [, base = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const address = parseBare(base)
    const size = address instanceof ipaddr.IPv4 ? 32 : 128
    // The prefix of a mapped range counts the 96 bits before the IPv4 address too.
    const prefix = bits ? Number(bits) - (base.includes(':') ? 128 - size : 0) : size
    if (!address || prefix < 0 || prefix > size) {
      throw new TypeError(`${option}: ${shown(entry)} is no IP address, CIDR range or 'loopback'`)
    }
    prefixes[address.kind()].add(prefix)
    networks.add(`${networkOf(address, prefix).join()}/${prefix}`)
  }
  return (text) => {
    const address = text === undefined ? undefined : parseAddress(text)
    if (!address) return false
    for (const prefix of prefixes[address.kind()]) {
      if (networks.has(`${networkOf(address, prefix).join()}/${prefix}`)) return true
    }
    return false
  }
}

/** ipaddr.js gets only hexadecimal groups to read: of IPv4 it also takes octal, hexadecimal and short forms. */
function parseBare(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const plain = IPV4.exec(text)?.[1]
  if (plain) return new ipaddr.IPv4(plain.split('.').map(Number))
  const groups = text.replace(DOTTED_TAIL, (_tail, quad: string) => {
    const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number)
    return `:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  if (!/^[\da-f:]+$/i.test(groups)) return undefined
  try {
    const address = ipaddr.IPv6.parse(groups)
    const isMapped = address.parts[5] === 0xffff && address.parts.slice(0, 5).join('') === '00000'
    return isMapped ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address
  } catch {
    return undefined
  }
}

/** The address with nothing but its first bits. */
function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): number[] {
  // -256 shifted right by n keeps the first n bits of a byte.
  return address
    .toByteArray()
    .map((byte, index) => byte & (-256 >> Math.max(0, Math.min(8, prefix - index * 8))))
}
