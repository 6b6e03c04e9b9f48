import { refuse } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { AddressSource, KeyOption, RequestKey, RequestView } from './framework.ts'
import { hashSecret } from './partition-key.ts'

/** A longer key is kept as its hash: a client that chooses it, as it chooses a path, must not fill memory with it. */
const MAX_LENGTH = 256

/** A request's key; `undefined` where there is none, or an empty one. */
export function readKey<Args extends readonly unknown[]>(
  key: KeyOption<Args>,
  view: RequestView<Args>,
  args: Args,
): MaybePromise<string | undefined> {
  return after(typeof key === 'function' ? key(...args) : key.keyOf(view, ...args), bounded)
}

function bounded(key: string | undefined): MaybePromise<string | undefined> {
  if (key === '') return undefined
  // What is no text at all, the limiter refuses.
  if (typeof key !== 'string' || key.length <= MAX_LENGTH) return key
  // From 13 characters on it would be a slice of the key, and keep all of that in memory.
  const kind = /^\w{1,11}:/.exec(key)?.[0] ?? ''
  return after(hashSecret(key), (hash) => kind + hash)
}

/**
 * The value, if it is a key.
 * @throws TypeError
 */
export function keyOption<T>(option: string, key: T): T {
  return typeof key === 'function' || typeof (key as RequestKey | undefined)?.keyOf === 'function'
    ? key
    : refuse(option, 'a function of the request or a key such as byIp()', key)
}

/** Where the keys by address among these learn it. */
export const addressesOf = <Args extends readonly unknown[]>(
  keys: readonly KeyOption<Args>[],
): AddressSource<Args>[] => keys.flatMap((key) => (typeof key === 'function' ? [] : (key.addresses ?? [])))

/** What lists go by, so that they see the client that keys see: the first `connInfo` that there is. */
export function addressSource<Args extends readonly unknown[]>(
  keys: readonly KeyOption<Args>[],
): AddressSource<Args> {
  const all = addressesOf(keys)
  return {
    connInfo: all.find(({ connInfo }) => connInfo)?.connInfo,
    unknown: all.some(({ unknown }) => unknown === 'one-bucket') ? 'one-bucket' : 'error',
  }
}
