/** What adapters load: all of the HTTP layer but the cases that test it. */
export type { Framework, KeyOption, RequestKey, RequestView } from './framework.ts'
export { createHttpLimiter, type HttpLimiter, type Outcome } from './gate.ts'
export type { HeaderFormat, HeadersOption, ResponseHeaders } from './headers.ts'
export * from '../keys.ts'
export { after, type MaybePromise } from '../maybe-promise.ts'
export { nodeHeaders, whenOver } from './node-response.ts'
export type {
  ChargeOptions,
  DelayOptions,
  ListOption,
  Message,
  RateLimitOptions,
  RequestPolicies,
  RequestPolicyOptions,
  ResponseOptions,
} from './options.ts'
export type { TrustProxy } from './proxies.ts'
export type { Refusal } from './refusal.ts'
export { type Sent, whenNodeSent } from './sent.ts'
export type { WriteHeaders } from './response-headers.ts'
export { type NodeBindings, whenGone, whenSent, withHeaders } from './web-response.ts'
