import { refuse } from '../check.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { createCidrMatcher } from './address.ts'
import type { RequestView } from './framework.ts'
import type { ClientList } from './options.ts'

/**
 * Whether a request is on a list of `skip` or `deny`. A list of addresses looks at the client, not at the proxy.
 * @throws TypeError when the option is neither a list nor a function, or an entry is no address
 */
export function clientList<Args extends readonly unknown[]>(
  option: string,
  list: ClientList<Args> | undefined,
  view: RequestView<Args>,
): ((args: Args) => MaybePromise<boolean>) | undefined {
  if (list === undefined) return undefined
  if (typeof list === 'function') return (args) => list(...args)
  if (!Array.isArray(list)) {
    refuse(option, 'a list of addresses and CIDR ranges, or a function', list)
  }
  const matches = createCidrMatcher(option, list)
  return (args) => matches(view.address(undefined, ...args))
}
