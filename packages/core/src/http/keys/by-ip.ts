import { functionOf, knownOptions, oneOf, wholeNumber } from '../../check.ts'
import { ipKey } from '../address.ts'
import { clientAddress } from '../client-address.ts'
import type { ConnInfo, RequestKey } from '../framework.ts'

export interface ByIpOptions<Args extends readonly unknown[]> {
  /** An IPv6 client is a network of this prefix length, which one customer usually has. 1 to 128; default 56. */
  ipv6Prefix?: number
  /**
   * What to do where no address can be known: `'error'` (default), or `'one-bucket'`: all such clients share one
   * limit.
   */
  unknown?: 'error' | 'one-bucket'
  /** How to learn the other end of the connection: Hono's `getConnInfo` of the runtime. */
  connInfo?: (...args: Args) => ConnInfo
}

/**
 * Keys by the client's address: `ip:203.0.113.7`, or an IPv6 network such as `ip:2001:db8::/56`. IPv4 that is written
 * as IPv6 is IPv4.
 * @throws TypeError, RangeError for options out of range; per request an Error where the address is not known
 */
export function byIp<Args extends readonly unknown[]>(options: ByIpOptions<Args> = {}): RequestKey<Args> {
  knownOptions('byIp', options, ['ipv6Prefix', 'unknown', 'connInfo'])
  const ipv6Prefix = wholeNumber('ipv6Prefix', options.ipv6Prefix ?? 56, 1, 128)
  const unknown = oneOf('unknown', options.unknown ?? 'error', ['error', 'one-bucket'])
  const source = { unknown, connInfo: functionOf('connInfo', options.connInfo) }
  return {
    keyOf(view, ...args) {
      const address = clientAddress(source, view, args)
      return address === undefined ? 'ip:unknown' : ipKey(address, ipv6Prefix)
    },
    addresses: [source],
  }
}
