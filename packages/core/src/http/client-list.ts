import { refuse } from '../check.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { createCidrMatcher } from './address.ts'
import { clientAddress } from './client-address.ts'
import type { AddressSource, RequestView } from './framework.ts'
import type { ClientList } from './options.ts'

/**
 * Whether a request is on a list of `skip` or `deny`; `undefined` where nobody is. A list of addresses looks at the
 * client that `byIp` sees, and not at the proxy.
 * @throws TypeError when the option is neither a list nor a function, or an entry is no address; per request what
 * `byIp` throws of an address that is not known
 */
export function clientList<Args extends readonly unknown[]>(
  option: string,
  list: ClientList<Args> | undefined,
  view: RequestView<Args>,
  source: AddressSource<Args>,
): ((args: Args) => MaybePromise<boolean>) | undefined {
  if (list === undefined) return undefined
  if (typeof list === 'function') return (args) => list(...args)
  if (!Array.isArray(list)) {
    refuse(option, 'a list of addresses and CIDR ranges, or a function', list)
  }
  if (list.length === 0) return undefined
  const matches = createCidrMatcher(option, list)
  return (args) => matches(clientAddress(source, view, args))
}
