import { functionOf, knownOptions, oneOf, refuse, wholeNumber } from '../check.ts'
import { after, all, type MaybePromise } from '../maybe-promise.ts'
import { ipKey } from './address.ts'
import type { KeyOption, RequestKey, RequestView } from './framework.ts'
import { hashSecret } from './partition-key.ts'

/** The part of Hono's `ConnInfo` that tells the client's address. */
export interface ConnInfo {
  readonly remote: { readonly address?: string | undefined }
}

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

const NO_ADDRESS =
  "the client's address is not known (a Unix socket, or a request without a connection): " +
  'say where it is with trustProxy or byIp({ connInfo }), choose another key, ' +
  "or let all such clients share one limit with byIp({ unknown: 'one-bucket' })"

/**
 * Keys by the client's address: `ip:203.0.113.7`, or an IPv6 network such as `ip:2001:db8::/56`. IPv4 that is written
 * as IPv6 is IPv4.
 * @throws TypeError, RangeError for options out of range; per request an Error where the address is not known
 */
export function byIp<Args extends readonly unknown[]>(options: ByIpOptions<Args> = {}): RequestKey<Args> {
  knownOptions('byIp', options, ['ipv6Prefix', 'unknown', 'connInfo'])
  const ipv6Prefix = wholeNumber('ipv6Prefix', options.ipv6Prefix ?? 56, 1, 128)
  const unknown = oneOf('unknown', options.unknown ?? 'error', ['error', 'one-bucket'])
  const { connInfo } = options
  if (connInfo !== undefined) functionOf('connInfo', connInfo)
  return {
    keyOf(view, ...args) {
      const address = view.address(connInfo?.(...args).remote.address, ...args)
      if (address !== undefined) return ipKey(address, ipv6Prefix)
      if (unknown === 'one-bucket') return 'ip:unknown'
      throw new Error(NO_ADDRESS)
    },
  }
}

/**
 * Keys by a request header, hashed, because it may be a secret. Without the header: `undefined`.
 * @throws TypeError for what is no header name
 */
export function byHeader<Args extends readonly unknown[]>(name: string): RequestKey<Args> {
  if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    refuse('the name that byHeader takes', 'that of a header', name, 'string')
  }
  const field = name.toLowerCase()
  return {
    keyOf(view, ...args) {
      const value = view.header(field, ...args)
      return value ? headerKey(field, value) : undefined
    },
  }
}

/** The key that `byHeader` gives to a value, for `reset` and jobs: at once, or a promise where only WebCrypto is. */
export function headerKey(name: string, value: string): MaybePromise<string> {
  return after(hashSecret(value), (hash) => `header:${name.toLowerCase()}:${hash}`)
}

/** Keys by the token of `Authorization: Bearer ...`, hashed. Without one: `undefined`. */
export function byBearer<Args extends readonly unknown[]>(): RequestKey<Args> {
  return {
    keyOf(view, ...args) {
      const token = /^bearer +(\S+) *$/i.exec(view.header('authorization', ...args) ?? '')?.[1]
      return token === undefined ? undefined : after(hashSecret(token), (hash) => `bearer:${hash}`)
    },
  }
}

/** Keys by what a function tells of the signed-in user; nobody signed in (`undefined`, `null`, `''`): `undefined`. */
export function byUser<Args extends readonly unknown[]>(
  user: (...args: Args) => MaybePromise<string | number | null | undefined>,
): RequestKey<Args> {
  functionOf('byUser', user)
  return {
    keyOf: (_, ...args) =>
      after(user(...args), (id) => (id === undefined || id === null || id === '' ? undefined : `user:${id}`)),
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
      after(all(keys.map((key) => readKey(key, view, args))), (parts) =>
        parts.every((part) => part === undefined)
          ? undefined
          : // Lengths keep apart what would read the same when joined.
            parts.map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('+'),
      ),
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
  return { keyOf: (view, ...args) => from(0, view, args) }
}

/** A request's key. */
export function readKey<Args extends readonly unknown[]>(
  key: KeyOption<Args>,
  view: RequestView<Args>,
  args: Args,
): MaybePromise<string | undefined> {
  return typeof key === 'function' ? key(...args) : key.keyOf(view, ...args)
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

/** Without a key nothing would ever be limited. */
function checkKeys(owner: string, keys: readonly unknown[]): void {
  if (keys.length === 0) throw new TypeError(`${owner} needs at least one key`)
  keys.forEach((key, index) => keyOption(`${owner}[${index}]`, key))
}
