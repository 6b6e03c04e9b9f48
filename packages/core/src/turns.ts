import type { Decision } from './algorithm.ts'
import { after, type MaybePromise } from './maybe-promise.ts'
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

/** Goes on with what comes of a call, at once where it comes at once; `failed` where it throws or rejects. */
export function settled<T>(
  call: () => MaybePromise<T>,
  next: (value: T) => MaybePromise<void>,
  failed: (error: unknown) => void,
): MaybePromise<void> {
  try {
    return (after(call(), next) as PromiseLike<void> | undefined)?.then(undefined, failed)
  } catch (error) {
    return failed(error)
  }
}
