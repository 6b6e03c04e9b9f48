import type { PolicyDecision } from '../../algorithm.ts'
import type { MaybePromise } from '../../maybe-promise.ts'

/** What the HTTP layer needs of a response's header fields; names in any case, repeated lines joined by `, `. */
export interface ResponseHeaders {
  get(name: string): string | undefined
  set(name: string, value: string): void
  remove(name: string): void
}

/** How one policy is shown to clients. Its texts are printable ASCII and not empty. */
export interface WirePolicy {
  readonly name: string
  /**
   * What the limit counts, for people and for the parameter `qu`. Default: `requests`, `concurrent-requests` where a
   * decision limits what is in flight, or `credits` where it has a balance.
   */
  readonly unit?: string | undefined
  /** The part of the limit from which on clients are told that they are near it. Default: they are not. */
  readonly nearAt?: number | undefined
  /** Standard base64 of what the parameter `pk` shows for a key; default: no `pk`. */
  readonly partitionKey?: ((key: string) => MaybePromise<string>) | undefined
}

/** What the parameter `pk` shows, by the names of policies. */
export type PartitionKeys = ReadonlyMap<string, string | undefined>

/** What lists say of a policy that does not change from one response to the next. */
export interface Announced {
  /** As a structured string. */
  readonly name: string
  /** The parameter, or nothing where what is counted follows from the kind of policy. */
  readonly qu: string
}

/** What there is to show of a decision. */
interface Standing {
  readonly policies: readonly PolicyDecision[]
  readonly announced: (policy: PolicyDecision) => Announced
  /** Those of the policies that have a window. */
  readonly windowed: readonly PolicyDecision[]
  readonly partitionKeys: PartitionKeys | undefined
  readonly nowEpochMs: number
}

/** One way to put the standing of some policies into header fields. */
export interface Format {
  /** The fields it writes, in canonical case. */
  readonly names: readonly string[]
  /** Writes what there is, and keeps what an earlier limiter wrote on the same response. */
  write(standing: Standing, response: ResponseHeaders): void
}

/** The unit of policies that limit what is in flight at once. */
const concurrentRequests = 'concurrent-requests'

/**
 * Of what is limited in flight nobody knows when a slot comes free, and a balance never comes back by itself: there is no
 * window to tell, and no wait.
 */
export function hasWindow({ kind, windowMs }: PolicyDecision): boolean {
  return kind !== 'concurrency' && windowMs < Infinity
}

/** What policies count that do not count requests, by the kind of their algorithm. */
export const unitsByKind: ReadonlyMap<string, string> = new Map([
  ['concurrency', concurrentRequests],
  ['prepaid', 'credits'],
])

/** The unit that somebody chose for a policy; nothing for those that policies have by themselves. */
export function ownUnit(unit: string | undefined): string | undefined {
  return unit === 'requests' || unit === concurrentRequests ? undefined : unit
}

/** Where the quotas of all policies stand. */
export const policyField = 'RateLimit-Policy'
