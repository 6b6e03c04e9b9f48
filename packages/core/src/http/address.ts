import { refuse, wholeNumber } from '../check.ts'

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'

/** IPv4, by itself or mapped the way sockets give it. */
const IPV4 = new RegExp(`^(?:::ffff:)?(${OCTET}(?:\\.${OCTET}){3})$`, 'i')

/** `[address]`, `[address]:port`, `1.2.3.4:port` */
const BRACKETS_OR_PORT = /^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/
const ZONE = /^([^%]*:[^%]*)%[^\s\]]+$/

/** The longest IPv6 address has 45 characters; the rest is for a zone, brackets and a port. */
const MAX_LENGTH = 100

/** The canonical form of an IPv6 address that carries an IPv4 address: mapped, or translated (NAT64, RFC 6052). */
const CARRIES_IPV4 = /^(?:::ffff:(?=\w+:)|64:ff9b::)(?:(\w+):)?(\w*)$/

/**
 * Reads an IP address, also with a port, brackets or a zone, which are dropped. Gives it in canonical form (RFC 5952),
 * an IPv6 address that carries an IPv4 address in any notation as IPv4, and `undefined` for what is none, as are IPv4
 * forms other than four decimal octets without leading zeros.
 */
export function canonicalAddress(text: string | undefined): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined
  // Nearly every address is plain IPv4; to look for ports and zones takes longer than to read it.
  const ipv4 = IPV4.exec(text)?.[1]
  if (ipv4 !== undefined) return ipv4
  const [, bracketed, withPort] = BRACKETS_OR_PORT.exec(text) ?? []
  const host = bracketed ?? withPort ?? text
  return canonicalHost(ZONE.exec(host)?.[1] ?? host)
}

/**
 * The key of a client: its IPv4 address, `ip:203.0.113.7`, or its IPv6 network, `ip:2001:db8:0:ff00::/56`,
 * since one client has a whole network of IPv6 addresses. The prefix has 1 to 128 bits; default 56.
 * @throws TypeError for what is no address, RangeError for a prefix out of range
 */
export function ipKey(address: string, ipv6Prefix = 56): string {
  wholeNumber('ipv6Prefix', ipv6Prefix, 1, 128)
  const ip = canonicalAddress(address)
  if (ip === undefined) return refuse('address', 'an IP address', address)
  if (!ip.includes(':')) return `ip:${ip}`
  return `ip:${canonicalIpv6(network(partsOf(ip), ipv6Prefix).join(':'))}/${ipv6Prefix}`
}

/** An address with nothing around it. */
export function canonicalHost(text: string): string | undefined {
  const ipv4 = IPV4.exec(text)?.[1]
  // A URL would drop line breaks from its host.
  if (ipv4 || !/^[\da-f:.]+$/i.test(text)) return ipv4
  try {
    const ipv6 = canonicalIpv6(text)
    const [carries, high = '', low = ''] = CARRIES_IPV4.exec(ipv6) ?? []
    return carries ? hostOf(`0x${high}${low.padStart(4, '0')}`) : ipv6
  } catch {
    return undefined
  }
}

export function canonicalIpv6(text: string): string {
  return hostOf(`[${text}]`).slice(1, -1)
}

/** The platform reads hosts of URLs. Of IPv4 it takes octal and short forms too, so that it never gets to read. */
function hostOf(text: string): string {
  return new URL(`http://${text}`).hostname
}

/** The four octets of an IPv4 address in canonical form, or the eight groups of an IPv6 address. */
export function partsOf(ip: string): string[] {
  const parts: string[] = ip.match(/\w+|::/g) ?? []
  const gap = parts.indexOf('::')
  if (gap >= 0) parts.splice(gap, 1, ...Array.from({ length: 9 - parts.length }, () => '0'))
  return parts
}

/** The parts of an address with nothing but its first bits. */
export function network(parts: readonly string[], prefix: number): string[] {
  const [base, width] = parts.length < 8 ? [10, 8] : [16, 16]
  const whole = Math.floor(prefix / width)
  return parts.map((part, index) => {
    if (index !== whole) return index < whole ? part : '0'
    // -1 shifted left clears the last bits.
    return (Number.parseInt(part, base) & (-1 << (width - (prefix % width)))).toString(base)
  })
}
