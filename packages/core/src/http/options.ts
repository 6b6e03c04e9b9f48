import type { Algorithm, Decision, PolicyMode } from '../algorithm.ts'
import type { Duration } from '../check.ts'
import type { Limiter, LimiterSettings } from '../limiter-types.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Mode } from '../store.ts'
import type { ClientList } from './client-list.ts'
import type { KeyOption } from './framework.ts'
import type { HeadersOption } from './headers.ts'
import type { TrustProxy } from './proxies.ts'
import type { Sent } from './sent.ts'

/** Whom, how much, and when a policy charges. */
export interface ChargeOptions<Args extends readonly unknown[]> {
  /** Whom to charge; `undefined` or `''`: the policy does not apply. Default `byIp()`. */
  key?: KeyOption<Args>
  /** Units: a whole number from 0, or a function of the request. Default 1. */
  cost?: number | ((...args: Args) => MaybePromise<number>)
  /** Whether the policy applies to the request. Default: always. */
  when?: (...args: Args) => MaybePromise<boolean>
  /**
   * Which responses cost nothing, into the window that was charged: `'failed'`: of status 400 and above, or whose client
   * had gone before there was one; `'successful'`: all others; or a function, to which a client that had gone is a status
   * of 499. With `'failed'` who hangs up early pays nothing: where that is costly, give a function. Default: none.
   */
  refundWhen?: 'failed' | 'successful' | ((...args: [...Args, status: number]) => MaybePromise<boolean>)
  /**
   * What a request cost after all, known once its response is over: `'bytes'` of the body that were really written, or a
   * function. `cost` is then an estimate: what was not needed is given back, and what is missing is charged, into debt.
   * Estimate 1 at least: what costs nothing is refused nothing, whatever is owed. `undefined`: the estimate stays. Default:
   * it stays.
   */
  settle?: 'bytes' | ((...args: [...Args, sent: Sent]) => MaybePromise<number | undefined>)
  /** What `settle` charges beyond the estimate at the most, in units. A whole number from 0; default: the limit. */
  maxDebt?: number
}

/** How requests are held back. */
export interface DelayOptions {
  /** How long a request is held at the most; one that would have to wait longer is refused at once. Default `'10s'`. */
  maxWait?: Duration
  /**
   * How many are held in this process, of all clients together, those included that the store is asked about; who comes then
   * is let through or refused at once. A whole number from 1; default 1,000.
   */
  maxQueue?: number
}

/** One policy of a middleware. */
export interface RequestPolicyOptions<Args extends readonly unknown[]> extends ChargeOptions<Args> {
  /** 1 to 100 printable ASCII characters. Default `'default'`. */
  name?: string
  /** How to count, or a function of the request that says it. Else give `limit` and `window`. */
  algorithm?: Algorithm | ((...args: Args) => MaybePromise<Algorithm>)
  /** Units per `window`, counted in a sliding window: a whole number from 0, or a function of the request. */
  limit?: number | ((...args: Args) => MaybePromise<number>)
  /** How long the window is, from 1 ms to 10 years. */
  window?: Duration
  /** `'enforce'` (default), or `'shadow'`: counts and reports, never refuses and never shows. */
  mode?: PolicyMode
  /**
   * The part of the limit at which the event `warned` is told and clients see `X-RateLimit-NearLimit: true`: above 0 and
   * at most 1, or several. Default: none.
   */
  warnAt?: number | readonly number[]
  /** What is counted, as headers and people are told. Default `'requests'`. */
  unit?: string
  /** Shows clients which bucket is theirs (`pk`), as a keyed hash under a secret of at least 16 bytes. Default: not. */
  partitionKey?: { readonly secret: string | Uint8Array }
}

/** What to say to a refused client: text, an object (sent as JSON), or a function that gives one; nothing: the default. */
export type Message<Args extends readonly unknown[]> = string | object | MessageFunction<Args>

export type MessageFunction<Args extends readonly unknown[]> = (
  ...args: [...Args, Decision]
) => MaybePromise<string | object | null | undefined>

/** The status of a refusal, or a function that gives it. */
export type StatusOption<Args extends readonly unknown[]> =
  | number
  | ((...args: [...Args, Decision]) => MaybePromise<number>)

/** Whom a list names: addresses and CIDR ranges, what `clientList()` gives, or a function of the request. */
export type ListOption<Args extends readonly unknown[]> =
  | readonly string[]
  | ClientList
  | ((...args: Args) => MaybePromise<boolean>)

/** The options of a middleware that concern HTTP. */
export interface ResponseOptions<Args extends readonly unknown[], Respond> {
  /** Requests that are not counted and get no headers. */
  skip?: ListOption<Args>
  /** Clients that are refused with 403, not counted; CORS preflights too, which nothing else limits. */
  deny?: ListOption<Args>
  /**
   * Whom to believe about the client's address: `false`: the connection only; a number: so many proxies in front;
   * `'loopback'`, addresses and CIDR ranges: those proxies; any other text: the header that the edge sets. Default: what
   * the framework itself says.
   */
  trustProxy?: TrustProxy
  /** Which header formats to send. Default `['draft-11', 'legacy']`; `false`: none but Retry-After. */
  headers?: HeadersOption
  /** Holds requests back that would be refused, in order, instead of refusing them. Default: not. */
  delay?: DelayOptions
  /**
   * Up to this much is added to the wait that refused clients are told, to each another part, so that they do not all
   * come back in one instant. Headers, body and `message` have it; `respond` and handlers see the exact decision. 0 or a
   * duration; default 0.
   */
  retryAfterSpread?: Duration
  /**
   * The status of a refusal: 400 to 599, or a function that gives it; what is no such number reaches the framework's error
   * handler. Default 429. Where `onStoreError` refuses, it is 503.
   */
  status?: StatusOption<Args>
  /**
   * The body of a refusal by limits. Default: problem+json, or the same sentence as text for clients that prefer text.
   */
  message?: Message<Args>
  /** Answers a refused request in your own way, whatever refused it; the headers are already set. */
  respond?: Respond
  /** Under which name handlers find the decision. Default `'rateLimit'`. */
  property?: string
  /** `true`: lists the headers in Access-Control-Expose-Headers, so that scripts of other origins can read them. */
  expose?: boolean
  /** `true`: no rate-limit headers on responses that shared caches may keep. Default `false`. */
  skipWhenCacheable?: boolean
  /** `true`: no rate-limit headers on redirects, where 0 remaining may stop a client from following. Default `false`. */
  skipOnRedirect?: boolean
  /** `false`: lets everything through, uncounted. Default `true`. */
  enabled?: boolean
}

/** Policies in a list, one in short, or a limiter that others use too. */
export type RequestPolicies<Args extends readonly unknown[], M extends Mode> =
  | (LimiterSettings<M> & { policies: readonly RequestPolicyOptions<Args>[] })
  | (LimiterSettings<M> & RequestPolicyOptions<Args>)
  | ({ limiter: Limiter<M> } & ChargeOptions<Args>)

/** Everything that `rateLimit` takes. */
export type RateLimitOptions<
  Args extends readonly unknown[],
  Respond,
  M extends Mode = Mode,
> = RequestPolicies<Args, M> & ResponseOptions<Args, Respond>
