import { canonicalAddress } from './address.ts'
import type { Framework, RequestView } from './framework.ts'
import { createAddressResolver, type TrustProxy } from './proxies.ts'
import { warnEachMinute } from './warn-each-minute.ts'

/** How the requests of a framework are seen under a middleware's `trustProxy`. */
export function requestView<Args extends readonly unknown[]>(
  framework: Framework<Args>,
  trustProxy: TrustProxy | undefined,
): RequestView<Args> {
  const resolve = trustProxy === undefined ? undefined : createAddressResolver(trustProxy)

  return {
    method: (...args) => framework.method(...args),
    header: (name, ...args) => framework.header(name, ...args),
    route: (...args) => framework.route(...args),
    address(told, ...args) {
      const peer = canonicalAddress(told)
      const ownPeer = (): string | undefined => canonicalAddress(framework.peer(...args))
      if (resolve !== undefined) {
        return resolve(peer ?? ownPeer(), (name) => framework.header(name, ...args))
      }
      const isForwarded =
        framework.header('x-forwarded-for', ...args) !== undefined && !framework.trustsProxy?.(...args)
      // A peer that the framework does not know is the client, by the word of the platform: no proxy.
      if (isForwarded && (peer === undefined || peer === ownPeer())) warnOfProxy()
      // Whoever writes the leftmost entry of X-Forwarded-For may have made a framework say anything.
      return peer ?? canonicalAddress(framework.address(...args)) ?? ownPeer()
    },
  }
}

/** A proxy that nobody trusts makes all clients one: worth a word whenever it shows, but not at every request. */
function warnOfProxy(): void {
  warnEachMinute(
    'requests come with X-Forwarded-For, but no proxy is trusted, so all clients behind a proxy share ' +
      'one limit: set trustProxy (the number of proxies in front, or their addresses), or false if there is none',
  )
}
