import type { PolicyDecision } from '../../algorithm.ts'

/** A count as the wire takes it: whole, from 0, and of 15 digits at most (RFC 9651 §3.3.1). */
export function wireCount(units: number): number {
  return Math.min(999_999_999_999_999, Math.max(0, Math.floor(units)))
}

/** Whole seconds, rounded up: a client that obeys must never be early. */
export function wireSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000)
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
