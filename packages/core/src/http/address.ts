import ipaddr from 'ipaddr.js'

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const dotted = `${octet}(?:\\.${octet}){3}`
const ipv4 = new RegExp(`^${dotted}$`)
const ipv6WithDottedTail = new RegExp(`^(.*:)(${dotted})$`)
const ipv4AsMapped = new RegExp(`^::ffff:(${dotted})$`, 'i')

/** `[address]`, `[address]:port`, `1.2.3.4:port` */
const bracketsOrPort = /^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/
const zone = /^([^%]*:[^%]*)%[^\s\]]+$/

/** The longest IPv6 address has 45 characters; the rest is for a zone, brackets and a port. */
const maxLength = 100

/**
 * Reads an IP address, also with a port, brackets or a zone, which are dropped; an IPv4-mapped IPv6 address in
 * any notation gives the IPv4 address. What is none gives `undefined`, as do IPv4 forms that are not four
 * decimal octets without leading zeros.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > maxLength) return undefined
  const [, bracketed, withPort] = bracketsOrPort.exec(text) ?? []
  const host = bracketed ?? withPort ?? text
  return parseBare(zone.exec(host)?.[1] ?? host)
}

/**
 * The key of a client: its IPv4 address, `ip:203.0.113.7`, or its IPv6 network, `ip:2001:db8:0:ff00::/56`,
 * since one client has a whole network of IPv6 addresses. The prefix has 1 to 128 bits (else a RangeError),
 * default 56. Throws a TypeError for what is no address.
 */
export function ipKey(address: string, ipv6Prefix = 56): string {
  if (!Number.isInteger(ipv6Prefix) || ipv6Prefix < 1 || ipv6Prefix > 128) {
    throw new RangeError(`ipv6Prefix must be a whole number from 1 to 128, got ${ipv6Prefix}`)
  }
  // What Node gives for nearly every client; reading it for good takes five times as long.
  const plain = ipv4.test(address) ? address : ipv4AsMapped.exec(address)?.[1]
  if (plain) return `ip:${plain}`
  const parsed = parseAddress(address)
  if (!parsed) throw new TypeError(`not an IP address: ${JSON.stringify(address.slice(0, maxLength))}`)
  return parsed instanceof ipaddr.IPv4 ? `ip:${parsed.toString()}` : `ip:${networkOf(parsed, ipv6Prefix)}`
}

/**
 * Makes a test for addresses in a list of single addresses, CIDR ranges and `loopback`; what is no address is
 * in no list. The time it takes depends on how many different prefix lengths there are, not on how many entries.
 * Throws a TypeError that names the option and the entry.
 */
export function createCidrMatcher(
  option: string,
  list: readonly string[],
): (address: string | undefined) => boolean {
  const networks = new Set<string>()
  const prefixes = { ipv4: new Set<number>(), ipv6: new Set<number>() }
  for (const entry of list.flatMap((item) => (item === 'loopback' ? ['127.0.0.0/8', '::1'] : item))) {
    const range = parseRange(entry)
    if (!range)
      throw new TypeError(`${option}: ${JSON.stringify(entry)} is no IP address, CIDR range or 'loopback'`)
    prefixes[range.address.kind()].add(range.prefix)
    networks.add(networkOf(range.address, range.prefix))
  }
  return (text) => {
    const address = text === undefined ? undefined : parseAddress(text)
    if (!address) return false
    for (const prefix of prefixes[address.kind()]) if (networks.has(networkOf(address, prefix))) return true
    return false
  }
}

function parseRange(entry: string): { address: ipaddr.IPv4 | ipaddr.IPv6; prefix: number } | undefined {
  const [, base = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const address = parseBare(base)
  if (!address) return undefined
  const isIpv4 = address instanceof ipaddr.IPv4
  const length = base.includes(':') ? 128 : 32
  // A mapped range is an IPv4 range whose prefix counts the 96 bits before it.
  const before = isIpv4 ? length - 32 : 0
  const prefix = Number(bits ?? length) - before
  return prefix >= 0 && prefix <= length - before ? { address, prefix } : undefined
}

/** ipaddr.js reads only hexadecimal groups here: of IPv4 it also takes octal, hexadecimal and short forms. */
function parseBare(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipv4.test(text)) return new ipaddr.IPv4(text.split('.').map(Number))
  const [, head, tail] = ipv6WithDottedTail.exec(text) ?? []
  const groups = head !== undefined && tail !== undefined ? head + toGroups(tail) : text
  if (!/^[\da-f:]+$/i.test(groups) || !ipaddr.IPv6.isValid(groups)) return undefined
  const address = ipaddr.IPv6.parse(groups)
  const isMapped = address.parts.findIndex((part) => part !== 0) === 5 && address.parts[5] === 0xffff
  return isMapped ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address
}

function toGroups(dottedText: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dottedText.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

/** The network of that prefix length which the address is in, in canonical form. */
function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): string {
  const network =
    address instanceof ipaddr.IPv4
      ? new ipaddr.IPv4(keepBits(address.octets, 8, prefix))
      : new ipaddr.IPv6(keepBits(address.parts, 16, prefix))
  return `${network.toString()}/${prefix}`
}

function keepBits(parts: readonly number[], width: number, prefix: number): number[] {
  return parts.map((part, index) => part & (-1 << Math.max(0, Math.min(width, width * (index + 1) - prefix))))
}
