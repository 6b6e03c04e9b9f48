import type { Decision, PolicyDecision } from './algorithm.ts'
import type { PolicyCall } from './charges.ts'
import type { Ruling } from './store.ts'

/**
 * What one policy decided. What was charged ahead counts from when it is due: until then it is in the way of others in
 * full, and only then its trace begins to fade.
 */
function policyDecision(call: PolicyCall, chargedAt: number | undefined): PolicyDecision {
  const { name, algorithm } = call.slot
  const { kind, windowMs } = algorithm
  const { key, cost, mode, allowed, remaining, resetMs, retryAfterMs, limit } = call
  const isAhead = allowed && retryAfterMs > 0 && chargedAt !== undefined
  const at = isAhead ? (call.at || chargedAt) + retryAfterMs : call.at
  const used = limit - remaining
  const decided = {
    name,
    kind,
    key,
    cost,
    mode,
    allowed,
    limit,
    used,
    remaining,
    resetMs,
    retryAfterMs,
    windowMs,
  }
  return at > 0 ? { ...decided, at } : decided
}

/** Stands in where no policy applied. */
const NOBODY = { name: undefined, limit: Infinity, used: 0, remaining: Infinity, resetMs: 0, retryAfterMs: 0 }

/** The decision of a call, from the answers that the store filled in. */
export function decisionOf(
  calls: readonly PolicyCall[],
  isAsked: boolean,
  { allowed, at, source, told: known = calls, retryAfterMs: wait }: Ruling,
): Decision {
  let told: PolicyDecision | typeof NOBODY = NOBODY
  const policies = (known as readonly PolicyCall[]).map((call) => {
    const policy = policyDecision(call, allowed ? at : undefined)
    if (policy.mode === 'enforce' && comesBefore(policy, told)) told = policy
    return policy
  })
  const { name, limit, used, remaining, resetMs } = told
  const retryAfterMs = wait ?? told.retryAfterMs
  // A shadow policy that is asked has a veto in the store, but not here.
  const isAllowed = isAsked ? retryAfterMs === 0 : allowed
  return {
    allowed: isAllowed,
    retryAfterMs,
    policy: name,
    limit,
    used,
    remaining,
    resetMs,
    policies,
    source,
    at,
  }
}

type Figures = Pick<PolicyDecision, 'retryAfterMs' | 'remaining' | 'resetMs'>

/**
 * Whether a person is to be told of `policy` rather than of `told`, which comes first in configured order: of those
 * that refuse the last to free up, else the one with the least remaining, then the one that resets last.
 */
export const comesBefore = (policy: Figures, told: Figures): boolean =>
  (policy.retryAfterMs - told.retryAfterMs ||
    told.remaining - policy.remaining ||
    policy.resetMs - told.resetMs) > 0
