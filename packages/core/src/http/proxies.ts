import { shown, wholeNumber } from '../check.ts'
import { canonicalAddress, createCidrMatcher } from './address.ts'

/**
 * Whom to believe about the client's address: `false` nobody; a number from 1 to 100: that many proxies stand
 * in front; `'loopback'`, an address, a CIDR range or a list of these: the proxies' addresses; any other string:
 * the header in which the edge gives the address, such as `'cf-connecting-ip'`.
 */
export type TrustProxy = false | number | string | readonly string[]

/** Finds the client's address from the connection's peer and the request's headers. */
export type AddressResolver = (
  peer: string | undefined,
  header: (name: string) => string | undefined,
) => string | undefined

/** As many as anybody chains; also as many entries of X-Forwarded-For as are ever looked at. */
const MAX_HOPS = 100

/**
 * Makes the resolver. It never answers with what a client made up: an entry that is no address is answered with
 * the nearest hop that is one, on the side of the server. A peer without an address (a Unix socket) is trusted
 * where hops are counted or `loopback` is listed.
 * @throws TypeError for what it cannot trust, RangeError for a number of hops out of range
 */
export function createAddressResolver(trustProxy: TrustProxy): AddressResolver {
  if (trustProxy === false) return (peer) => peer || undefined
  if (typeof trustProxy === 'number') return byCount(trustProxy)
  if (Array.isArray(trustProxy)) return byRanges(trustProxy)
  if (typeof trustProxy === 'string')
    return isHeaderName(trustProxy) ? byHeader(trustProxy) : byRanges([trustProxy])
  throw new TypeError(
    `trustProxy: ${shown(trustProxy)} would believe anyone; give the number of proxies, their addresses, ` +
      'or the header that the edge sets',
  )
}

function byCount(hops: number): AddressResolver {
  wholeNumber('trustProxy', hops, 1, MAX_HOPS)
  return (peer, header) => {
    let nearest = peer || undefined
    for (const entry of fromRight(header('x-forwarded-for'), hops)) {
      nearest = canonicalAddress(entry) ?? nearest
    }
    return nearest
  }
}

function byRanges(ranges: readonly string[]): AddressResolver {
  const isTrusted = createCidrMatcher('trustProxy', ranges)
  const trustsLocal = ranges.includes('loopback')
  return (peer, header) => {
    let nearest = peer || undefined
    if (nearest === undefined ? !trustsLocal : !isTrusted(nearest)) return nearest
    for (const entry of fromRight(header('x-forwarded-for'), MAX_HOPS)) {
      const address = canonicalAddress(entry)
      if (address === undefined) break
      nearest = address
      if (!isTrusted(address)) break
    }
    return nearest
  }
}

function byHeader(name: string): AddressResolver {
  return (peer, header) => canonicalAddress(header(name)?.trim() ?? '') ?? (peer || undefined)
}

/**
 * An HTTP token (RFC 9110 §5.6.2) with a hyphen, as every edge's header has one: a mistyped address has none, nor
 * have the words of other libraries. X-Forwarded-For holds what each proxy adds, so it takes their number.
 */
function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~]+-[\w!#$%&'*+.^`|~-]+$/.test(text) && text.toLowerCase() !== 'x-forwarded-for'
}

/** The entries of a list from its end, as many as are asked for: a hostile list may be very long. */
function* fromRight(list = '', most: number): Generator<string> {
  for (let end = list.length, count = 0; end > 0 && count < most; count++) {
    const comma = list.lastIndexOf(',', end - 1)
    yield list.slice(comma + 1, end).trim()
    end = comma
  }
}
