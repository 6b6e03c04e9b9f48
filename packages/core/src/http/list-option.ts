import { refuse } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import { createCidrMatcher } from './cidr-set.ts'
import { clientAddress } from './client-address.ts'
import type { ClientList } from './client-list.ts'
import type { AddressSource, RequestView } from './framework.ts'
import type { ListOption } from './options.ts'
import type { RequestKeys } from './request-charges.ts'

/** Whether a request is on a list. `keys` reads what it is charged by; it is asked for only where a list has keys. */
type ListTest<Args extends readonly unknown[]> = (
  args: Args,
  keys: () => MaybePromise<RequestKeys>,
) => MaybePromise<boolean>

/**
 * What tests requests for `skip` or `deny`; `undefined` where nobody is on the list, nor ever will be. A list of
 * addresses looks at the client that `byIp` sees, and not at the proxy.
 * @throws TypeError when the option is neither a list nor a function, or an entry is no address; per request what
 * `byIp` throws of an address that is not known
 */
export function listOption<Args extends readonly unknown[]>(
  option: string,
  list: ListOption<Args> | undefined,
  view: RequestView<Args>,
  source: AddressSource<Args>,
): ListTest<Args> | undefined {
  if (list === undefined) return undefined
  if (typeof list === 'function') return (args) => list(...args)
  if (isClientList(list)) {
    return (args, keys) => {
      if (list.addresses.size > 0 && list.addresses.has(clientAddress(source, view, args))) return true
      if (list.keys.size === 0) return false
      return after(keys(), (known) => known.some((key) => key !== undefined && list.keys.has(key)))
    }
  }
  if (!Array.isArray(list)) {
    refuse(option, 'a list of addresses and CIDR ranges, a clientList(), or a function', list)
  }
  if (list.length === 0) return undefined
  const matches = createCidrMatcher(option, list)
  return (args) => matches(clientAddress(source, view, args))
}

/** What clientList() gives, whichever copy of the package has made it. */
const isClientList = (list: unknown): list is ClientList =>
  typeof (list as ClientList | null)?.addresses?.has === 'function'
