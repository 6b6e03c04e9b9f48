import type { Decision } from './algorithm.ts'
import { LONGEST_TIMER_MS } from './timers.ts'

/** What was charged for somebody, and when it is due by `performance.now()`. */
export interface Turn {
  readonly decision: Decision
  readonly dueAt: number
}

/** A decision whose turn has come. */
export function onTurn(decision: Decision): Decision {
  if (decision.retryAfterMs === 0) return decision
  const policies = decision.policies.map((policy) =>
    policy.allowed ? { ...policy, retryAfterMs: 0 } : policy,
  )
  return { ...decision, retryAfterMs: 0, policies }
}

/** What somebody is told who gets no turn: what would have fitted later does not fit now. */
export function refusal(decision: Decision, waitMs: number): Decision {
  // What a failure policy says holds whoever waits.
  if (decision.source === 'failure-policy') return decision
  const policies = decision.policies.map((policy) => ({ ...policy, allowed: policy.retryAfterMs === 0 }))
  return { ...decision, allowed: false, retryAfterMs: Math.max(waitMs, decision.retryAfterMs), policies }
}

/**
 * Calls back at a time of `performance.now()`, never sooner: timers may fire a little early, and one above 2^31 ms fires
 * at once.
 * @returns what stops it
 */
export function sleep(until: number, then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  function again(): void {
    // Less than a microsecond is an error of rounding.
    const leftMs = Math.ceil(until - performance.now() - 0.001)
    if (leftMs > 0) timer = setTimeout(again, Math.min(leftMs, LONGEST_TIMER_MS))
    else then()
  }
  again()
  return () => clearTimeout(timer)
}
