import { isWhole, refuse } from '../check.ts'
import { canonicalAddress } from './address.ts'
import { createCidrMatcher } from './cidr-set.ts'

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
 * The name of a header, with a hyphen, as every edge's header has one, and a letter in front: a mistyped address has
 * none, nor have the words of other libraries. X-Forwarded-For holds what each proxy adds, so it takes their number.
 */
const EDGE_HEADER = /^(?!(?:x-forwarded-for|loop-back|(?:link|unique)-local)$)[a-z][\w.]*-[\w.-]+$/i

/**
 * Makes the resolver. It never answers with what a client made up: an entry that is no address is answered with
 * the nearest hop that is one, on the side of the server. A peer without an address (a Unix socket) is trusted
 * where hops are counted or `loopback` is listed.
 * @throws TypeError for what it cannot trust, RangeError for a number of hops out of range
 */
export function createAddressResolver(trustProxy: TrustProxy): AddressResolver {
  if (trustProxy === false) return (peer) => peer || undefined
  if (typeof trustProxy === 'number') {
    if (isWhole(trustProxy, 1, MAX_HOPS)) return walk(trustProxy, () => true)
    refuse('trustProxy', `a whole number from 1 to ${MAX_HOPS}, or false for no proxy`, trustProxy, 'number')
  }
  if (typeof trustProxy === 'string' && EDGE_HEADER.test(trustProxy)) {
    return (peer, header) => canonicalAddress(header(trustProxy)?.trim() ?? '') ?? (peer || undefined)
  }
  if (typeof trustProxy !== 'string' && !Array.isArray(trustProxy)) {
    refuse(
      'trustProxy',
      'false, the number of proxies, their addresses, or the header that the edge sets (true would believe anyone)',
      trustProxy,
    )
  }
  const ranges = [trustProxy].flat()
  const isListed = createCidrMatcher(
    'trustProxy',
    ranges,
    ', or the header that the edge sets (for X-Forwarded-For: the number of proxies)',
  )
  return walk(MAX_HOPS, (hop) => (hop === undefined ? ranges.includes('loopback') : isListed(hop)))
}

/**
 * Goes from the peer along X-Forwarded-For, from its end, while hops are trusted. Only so many entries are looked at: a
 * hostile list may be very long.
 */
function walk(most: number, isTrusted: (hop: string | undefined) => boolean): AddressResolver {
  return (peer, header) => {
    let nearest = peer || undefined
    let hop = nearest
    const list = header('x-forwarded-for') ?? ''
    for (let end = list.length, count = 0; end > 0 && count < most && isTrusted(hop); count++) {
      const comma = list.lastIndexOf(',', end - 1)
      hop = list.slice(comma + 1, end).trim()
      nearest = canonicalAddress(hop) ?? nearest
      end = comma
    }
    return nearest
  }
}
