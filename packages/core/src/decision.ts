import type { Decision, PolicyDecision } from './algorithm.ts'
import type { PolicyCall } from './charges.ts'
import type { Ruling } from './store.ts'

/** What one policy decided. */
function policyDecision(call: PolicyCall): PolicyDecision {
  const { name, algorithm } = call.slot
  const { kind, limit, windowMs } = algorithm
  const { key, asked: cost, mode, allowed, remaining, resetMs, retryAfterMs } = call
  const used = limit - remaining
  return { name, kind, key, cost, mode, allowed, limit, used, remaining, resetMs, retryAfterMs, windowMs }
}

/** Stands in where no policy applied. */
const NOBODY = { name: undefined, limit: Infinity, used: 0, remaining: Infinity, resetMs: 0, retryAfterMs: 0 }

/** The decision of a call, from the answers that the store filled in. */
export function decisionOf(calls: readonly PolicyCall[], allowed: boolean, { at, source }: Ruling): Decision {
  const policies: PolicyDecision[] = []
  let told: PolicyDecision | undefined
  for (const call of calls) {
    const policy = policyDecision(call)
    policies.push(policy)
    if (policy.mode === 'enforce' && (told === undefined || comesBefore(policy, told))) told = policy
  }
  const { name: policy, limit, used, remaining, resetMs, retryAfterMs } = told ?? NOBODY
  return { allowed, retryAfterMs, policy, limit, used, remaining, resetMs, policies, source, at }
}

/** Whether a person is to be told of `policy` rather than of `told`, which comes first in configured order. */
export function comesBefore(policy: PolicyDecision, told: PolicyDecision): boolean {
  if (policy.allowed !== told.allowed) return !policy.allowed
  if (!policy.allowed) return policy.retryAfterMs > told.retryAfterMs
  if (policy.remaining !== told.remaining) return policy.remaining < told.remaining
  return policy.resetMs > told.resetMs
}
