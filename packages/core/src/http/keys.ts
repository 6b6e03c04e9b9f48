import { functionOf, knownOptions, oneOf, refuse, wholeNumber } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import { ipKey } from './address.ts'
import { allOf } from './all-of.ts'
import { clientAddress } from './client-address.ts'
import type { ConnInfo, KeyOption, RequestKey, RequestView } from './framework.ts'
import { addressesOf, keyOption, readKey } from './key-option.ts'
import { hashSecret } from './partition-key.ts'

export type { ConnInfo } from './framework.ts'

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

/**
 * Keys by a request header, hashed, because it may be a secret. Without the header: `undefined`.
 * @throws TypeError, RangeError for what is no header name
 */
export function byHeader<Args extends readonly unknown[]>(name: string): RequestKey<Args> {
  const field = headerName('byHeader', name)
  return {
    keyOf(view, ...args) {
      const value = view.header(field, ...args)
      return value ? hashedHeader(field, value) : undefined
    },
  }
}

/**
 * The key that `byHeader` gives to a value, for `reset` and jobs: at once, or a promise where only WebCrypto is.
 * @throws TypeError for what is no header name, and for a value that is no text; RangeError for text that is no name
 */
export function headerKey(name: string, value: string): MaybePromise<string> {
  const field = headerName('headerKey', name)
  // It may be a secret, so that nothing of it is shown.
  if (typeof value !== 'string')
    throw new TypeError(`the value that headerKey takes must be text, got ${typeof value}`)
  return hashedHeader(field, value)
}

const hashedHeader = (field: string, value: string): MaybePromise<string> =>
  after(hashSecret(value), (hash) => `header:${field}:${hash}`)

function headerName(owner: string, name: unknown): string {
  return typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    ? name.toLowerCase()
    : refuse(`the name that ${owner} takes`, 'that of a header', name, 'string')
}

/** Keys by the token of `Authorization: Bearer ...`, hashed. Without one: `undefined`. */
export function byBearer<Args extends readonly unknown[]>(): RequestKey<Args> {
  return {
    keyOf(view, ...args) {
      // As loosely as what checks tokens reads them: what is put behind one must not make it another client's.
      const token = /^bearer[ \t]+(\S+)/i.exec(view.header('authorization', ...args) ?? '')?.[1]
      return token === undefined ? undefined : after(hashSecret(token), (hash) => `bearer:${hash}`)
    },
  }
}

/** Keys by what a function tells of the signed-in user; nobody signed in (`undefined`, `null`, `''`): `undefined`. */
export function byUser<Args extends readonly unknown[]>(
  user: (...args: Args) => MaybePromise<string | number | null | undefined>,
): RequestKey<Args> {
  if (typeof user !== 'function') refuse('byUser', 'a function', user)
  return {
    keyOf: (_, ...args) =>
      after(user(...args), (id) => {
        if (id === undefined || id === null || id === '') return undefined
        // All objects read alike as text, and all users would share one limit.
        return typeof id === 'string' || Number.isFinite(id)
          ? `user:${id}`
          : refuse('the user that byUser is told', 'text or a finite number', id)
      }),
  }
}

/**
 * Keys by the pattern of the route, such as `/users/:id`. Before a route is chosen (in a middleware for the whole app)
 * it is the path, of which a client can make up as many as it likes: use it beside another policy.
 */
export function byRoute<Args extends readonly unknown[]>(): RequestKey<Args> {
  return { keyOf: (view, ...args) => `route:${view.route(...args) ?? ''}` }
}

/** Keys by the request's method. */
export function byMethod<Args extends readonly unknown[]>(): RequestKey<Args> {
  return { keyOf: (view, ...args) => `method:${view.method(...args)}` }
}

/** Keys whose functions may leave out arguments: what they do take does not say what there is (hence `& {}`). */
type KeysOf<Args extends readonly unknown[]> = KeyOption<Args & {}>[]

/**
 * Joins keys: one limit for each combination. A missing part is a part of its own, so that nobody gets round the limit
 * by leaving it out; where all are missing: `undefined`.
 */
export function combine<Args extends readonly unknown[]>(...keys: KeysOf<Args>): RequestKey<Args> {
  checkKeys('combine', keys)
  return {
    keyOf: (view, ...args) =>
      after(
        allOf(keys, (key) => readKey(key, view, args)),
        (parts) =>
          parts.every((part) => part === undefined)
            ? undefined
            : // Lengths keep apart what would read the same when joined.
              parts.map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('+'),
      ),
    addresses: addressesOf(keys),
  }
}

/** The first key that there is. */
export function firstOf<Args extends readonly unknown[]>(...keys: KeysOf<Args>): RequestKey<Args> {
  checkKeys('firstOf', keys)
  const from = (index: number, view: RequestView<Args>, args: Args): MaybePromise<string | undefined> => {
    const key = keys[index]
    if (key === undefined) return undefined
    return after(readKey(key, view, args), (found) => found ?? from(index + 1, view, args))
  }
  return { keyOf: (view, ...args) => from(0, view, args), addresses: addressesOf(keys) }
}

/** Without a key nothing would ever be limited. */
function checkKeys(owner: string, keys: readonly unknown[]): void {
  if (keys.length === 0) throw new TypeError(`${owner} needs at least one key`)
  keys.forEach((key, index) => keyOption(`${owner}[${index}]`, key))
}
