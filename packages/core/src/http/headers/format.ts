import type { PolicyDecision } from '../../algorithm.ts'

/** What the HTTP layer needs of a response's header fields; names in any case, repeated lines joined by `, `. */
export interface ResponseHeaders {
  get(name: string): string | undefined
  set(name: string, value: string): void
  remove(name: string): void
}

/** How one policy is shown to clients. */
export interface WirePolicy {
  /** Printable ASCII, not empty. */
  readonly name: string
  /**
   * What the limit counts, for people and for the parameter `qu`; default `requests`. A policy that counts
   * `concurrent-requests` has no window, and nobody knows when a slot comes free.
   */
  readonly unit?: string | undefined
  /** Standard base64 of what the parameter `pk` shows for a key; default: no `pk`. */
  readonly partitionKey?: ((key: string) => string) | undefined
}

/** One way to put the standing of some policies into header fields. */
export interface Format {
  /** The fields it writes, in canonical case. */
  readonly names: readonly string[]
  /** It has no words for a policy without a window. */
  readonly needsWindow: boolean
  /** Writes what policies it is given, if any, and keeps what an earlier limiter wrote on the same response. */
  write(policies: readonly PolicyDecision[], nowEpochMs: number, response: ResponseHeaders): void
}

/** The unit of policies that limit what is in flight at once. */
export const concurrentRequests = 'concurrent-requests'
