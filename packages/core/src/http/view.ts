import type { Framework, RequestView } from './framework.ts'
import { createAddressResolver, type TrustProxy } from './proxies.ts'

const MINUTE_MS = 60_000

/** How the requests of a framework are seen under a middleware's `trustProxy`. */
export function requestView<Args extends readonly unknown[]>(
  framework: Framework<Args>,
  trustProxy: TrustProxy | undefined,
): RequestView<Args> {
  const resolve = trustProxy === undefined ? undefined : createAddressResolver(trustProxy)
  const noticeProxy = untrustedProxyWarning()

  return {
    method: (...args) => framework.method(...args),
    header: (name, ...args) => framework.header(name, ...args),
    route: (...args) => framework.route(...args),
    address(peer, ...args) {
      if (resolve !== undefined) {
        return resolve(peer ?? framework.peer(...args), (name) => framework.header(name, ...args))
      }
      if (framework.header('x-forwarded-for', ...args) !== undefined && !framework.trustsProxy?.(...args)) {
        noticeProxy()
      }
      return (peer ?? framework.address(...args)) || undefined
    },
  }
}

/** A proxy that nobody trusts makes all clients one: worth a word whenever it shows, but not at every request. */
function untrustedProxyWarning(): () => void {
  let quietUntil = -Infinity
  return () => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + MINUTE_MS
    console.warn(
      '[sluice] requests come with X-Forwarded-For, but no proxy is trusted, so all clients behind a proxy share ' +
        'one limit: set trustProxy (the number of proxies in front, or their addresses), or false if there is none',
    )
  }
}
