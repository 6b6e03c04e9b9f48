import { refuse } from '../check.ts'
import { canonicalAddress, canonicalHost, canonicalIpv6, network, partsOf } from './address.ts'

/** A network: so many of its first bits, and the address that has no others. */
export interface Cidr {
  readonly prefix: number
  readonly base: string
}

/** Networks that change. To look an address up takes longer by the prefix lengths that there are, not by the networks. */
interface CidrSet extends Iterable<string> {
  readonly size: number
  /** Whether an address is in one of the networks; what is no address is in none. */
  has(address: string | undefined): boolean
  add(cidr: Cidr): void
  delete(cidr: Cidr): void
  clear(): void
}

export function cidrSet(): CidrSet {
  const basesByPrefix = new Map<number, Set<string>>()

  return {
    get size() {
      let size = 0
      for (const bases of basesByPrefix.values()) size += bases.size
      return size
    },
    has(text) {
      const ip = canonicalAddress(text)
      if (ip === undefined) return false
      const parts = partsOf(ip)
      for (const [prefix, bases] of basesByPrefix) if (bases.has(baseOf(parts, prefix))) return true
      return false
    },
    add({ prefix, base }) {
      const bases = basesByPrefix.get(prefix)
      if (bases === undefined) basesByPrefix.set(prefix, new Set([base]))
      else bases.add(base)
    },
    delete({ prefix, base }) {
      const bases = basesByPrefix.get(prefix)
      // A prefix length without networks would be looked at for nothing.
      if (bases?.delete(base) && bases.size === 0) basesByPrefix.delete(prefix)
    },
    clear: () => basesByPrefix.clear(),
    *[Symbol.iterator]() {
      for (const [prefix, bases] of basesByPrefix) for (const base of bases) yield textOf(base, prefix)
    },
  }
}

/**
 * Reads single addresses, CIDR ranges and `loopback`.
 * @throws TypeError that names the option and the entry, and `orElse`: what the option may be too
 */
export function parseCidrs(option: string, list: readonly string[], orElse = ''): readonly Cidr[] {
  return list
    .flatMap((entry) => (entry === 'loopback' ? ['127.0.0.0/8', '::1'] : [entry]))
    .map((entry) => {
      const [, host = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
      const ip = canonicalHost(host)
      const size = ip?.includes(':') ? 128 : 32
      // The prefix of a mapped range counts the 96 bits before the IPv4 address too.
      const prefix = bits ? Number(bits) - (host.includes(':') ? 128 - size : 0) : size
      // All that NAT64 translates would be all of IPv4.
      if (!ip || prefix < (size === 32 && /^0*64:/.test(host) ? 1 : 0) || prefix > size) {
        return refuse(option, `IP addresses, CIDR ranges or 'loopback'${orElse}`, entry)
      }
      return { prefix, base: baseOf(partsOf(ip), prefix) }
    })
}

/**
 * Makes a test for addresses in a list of single addresses, CIDR ranges and `loopback`; what is no address is
 * in no list.
 * @throws TypeError that names the option and the entry, and `orElse`: what the option may be too
 */
export function createCidrMatcher(
  option: string,
  list: readonly string[],
  orElse = '',
): (address: string | undefined) => boolean {
  const cidrs = cidrSet()
  for (const cidr of parseCidrs(option, list, orElse)) cidrs.add(cidr)
  return cidrs.has
}

const baseOf = (parts: readonly string[], prefix: number): string =>
  network(parts, prefix).join(parts.length < 8 ? '.' : ':')

/** A network as people write it, and an address by itself. */
function textOf(base: string, prefix: number): string {
  if (!base.includes(':')) return prefix === 32 ? base : `${base}/${prefix}`
  return prefix === 128 ? canonicalIpv6(base) : `${canonicalIpv6(base)}/${prefix}`
}
