import type { AddressSource, RequestView } from './framework.ts'

const NO_ADDRESS =
  "the client's address is not known (a Unix socket, no connection, or a client that is gone): " +
  'say where it is with trustProxy or byIp({ connInfo }), choose another key, ' +
  "or let all such clients share one limit with byIp({ unknown: 'one-bucket' })"

/**
 * The client's address, as keys and lists see it; `undefined` only where all clients of unknown address share a bucket.
 * @throws Error where it is not known, with what `connInfo` threw as its cause
 */
export function clientAddress<Args extends readonly unknown[]>(
  { connInfo, unknown }: AddressSource<Args>,
  view: RequestView<Args>,
  args: Args,
): string | undefined {
  let peer: string | undefined
  let cause: unknown
  try {
    peer = connInfo?.(...args).remote.address
  } catch (error) {
    // Where there is no connection, Hono's own functions throw.
    cause = error
  }
  const address = view.address(peer, ...args)
  if (address === undefined && unknown !== 'one-bucket') throw new Error(NO_ADDRESS, cause ? { cause } : {})
  return address
}
