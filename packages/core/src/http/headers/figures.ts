import type { PolicyDecision } from '../../algorithm.ts'

/** A count as the wire takes it: whole, from 0, and of 15 digits at most (RFC 9651 §3.3.1). */
export function wireCount(units: number): number {
  return Math.min(999_999_999_999_999, Math.max(0, Math.floor(units)))
}

/** Whole seconds, rounded up: a client that obeys must never be early. */
export function wireSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000)
}

/** A window in whole seconds, at least 1. */
export function windowSeconds(windowMs: number): number {
  return Math.max(1, wireSeconds(windowMs))
}

/**
 * The span in milliseconds that `t` and the reset fields tell: until the whole quota is back, or for a denying
 * policy the wait. Where neither is known it is the window.
 */
export function effectiveMs(policy: PolicyDecision): number {
  const { allowed, resetMs, retryAfterMs, remaining, limit, windowMs } = policy
  const span = allowed ? resetMs : retryAfterMs
  if (span > 0 && span < Infinity) return span
  // A full quota is never promised for "at once": r=q with t=0 would invite any volume.
  return allowed && span <= 0 && remaining < limit ? 0 : windowMs
}

/**
 * The policy that a format with room for one shows, chosen as `Decision.policy` is: of the denying ones the last
 * to free up, else the one with the least remaining; ties: the latest reset, then the first.
 */
export function tightest(policies: readonly PolicyDecision[]): PolicyDecision | undefined {
  return policies.length < 2 ? policies[0] : policies.toSorted(byTightness)[0]
}

function byTightness(a: PolicyDecision, b: PolicyDecision): number {
  return (
    Number(a.allowed) - Number(b.allowed) ||
    b.retryAfterMs - a.retryAfterMs ||
    (a.allowed ? a.remaining - b.remaining || b.resetMs - a.resetMs : 0)
  )
}
