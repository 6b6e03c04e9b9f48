import type { Decision } from './algorithm.ts'
import { LONGEST_TIMER_MS } from './timers.ts'

/** What was charged for somebody, and when it is due by `performance.now()`. */
export interface Turn {
  readonly decision: Decision
  readonly dueAt: number
}

/** A decision whose turn has come: what it told to wait has passed, of the reset, too. */
export function onTurn(decision: Decision): Decision {
  const { retryAfterMs } = decision
  if (retryAfterMs === 0) return decision
  const policies = decision.policies.map((policy) => ({
    ...policy,
    ...(policy.allowed && { retryAfterMs: 0 }),
    resetMs: Math.max(0, policy.resetMs - retryAfterMs),
  }))
  return { ...decision, retryAfterMs: 0, resetMs: Math.max(0, decision.resetMs - retryAfterMs), policies }
}

/** What somebody is told who gets no turn: what would have fitted later does not fit now. */
export function refusal(decision: Decision, waitMs: number): Decision {
  // What a failure policy says holds whoever waits.
  if (decision.source === 'failure-policy') return decision
  const policies = decision.policies.map((policy) => ({ ...policy, allowed: policy.retryAfterMs === 0 }))
  return { ...decision, allowed: false, retryAfterMs: Math.max(waitMs, decision.retryAfterMs), policies }
}

/** Less than a microsecond is an error of rounding. */
const ROUNDING_MS = 0.001

/** Whether a time of `performance.now()` has come. */
export const isDue = (atMs: number): boolean => atMs - performance.now() <= ROUNDING_MS

/**
 * Calls back at a time of `performance.now()`, never sooner: timers may fire a little early, and one above 2^31 ms fires
 * at once.
 * @returns what stops it
 */
export function sleep(until: number, then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  function again(): void {
    if (isDue(until)) return then()
    const leftMs = Math.ceil(until - performance.now() - ROUNDING_MS)
    timer = setTimeout(again, Math.min(Math.max(1, leftMs), LONGEST_TIMER_MS))
  }
  again()
  return () => clearTimeout(timer)
}
