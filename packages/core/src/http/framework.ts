import type { MaybePromise } from '../maybe-promise.ts'

/**
 * How one framework's requests are read. `Args` is what its own middleware gets, without "next": `[req, res]` for
 * Express, `[ctx]` for Koa, `[c]` for Hono.
 */
export interface Framework<Args extends readonly unknown[]> {
  method(...args: Args): string
  /** A request header by its lower-case name, repeated lines joined with `, `. */
  header(name: string, ...args: Args): string | undefined
  /** The framework's own answer to who the client is. */
  address(...args: Args): string | undefined
  /** The other end of the connection; `undefined` where there is none, or none with an address. */
  peer(...args: Args): string | undefined
  /** Whether the framework was told to take a proxy's word for `address`. Default: no. */
  trustsProxy?(...args: Args): boolean
  /** The pattern of the route that handles the request, else its path. */
  route(...args: Args): string | undefined
  /** Calls `gone` once the client has left, or has its answer. Without it nobody hears of clients that leave. */
  whenGone?(gone: () => void, ...args: Args): void
}

/** A request as keys see it. */
export interface RequestView<Args extends readonly unknown[]> {
  method(...args: Args): string
  header(name: string, ...args: Args): string | undefined
  route(...args: Args): string | undefined
  /**
   * The client's address under the middleware's `trustProxy`; `undefined` where nothing is an IP address. `told`, where it
   * is one, overrides what the framework knows of the other end of the connection.
   */
  address(told: string | undefined, ...args: Args): string | undefined
}

/** The part of Hono's `ConnInfo` that tells the client's address. */
export interface ConnInfo {
  readonly remote: { readonly address?: string | undefined }
}

/** How a key by address learns the address. */
export interface AddressSource<Args extends readonly unknown[]> {
  connInfo?: ((...args: Args) => ConnInfo) | undefined
  readonly unknown: 'error' | 'one-bucket'
}

/** A key that is found in any framework's request: what `byIp()` and the others give. */
export interface RequestKey<Args extends readonly unknown[] = readonly unknown[]> {
  keyOf(view: RequestView<Args>, ...args: Args): MaybePromise<string | undefined>
  /** The sources of each `byIp` in it, so that `skip` and `deny` see the same client. */
  readonly addresses?: readonly AddressSource<Args>[]
}

/** Whom to charge: a key of ours, or a function of the request. `undefined` or `''`: the policy does not apply. */
export type KeyOption<Args extends readonly unknown[]> =
  | ((...args: Args) => MaybePromise<string | undefined>)
  | RequestKey<Args>
