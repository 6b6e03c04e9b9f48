import type { Decision, PolicyDecision, PolicyMode } from './algorithm.ts'
import type { Charge, ChargeKind, Ruling, Slot } from './store.ts'

/** A charge with what its decision tells beside the store's answer. */
export interface PolicyCall extends Charge {
  readonly mode: PolicyMode
  /** The cost that was asked for. */
  readonly asked: number
}

/** A call for one policy, to be answered by the store. Written out whole: copying parts of objects is slow. */
export function policyCall(
  slot: Slot,
  mode: PolicyMode,
  kind: ChargeKind,
  key: string,
  cost: number,
): PolicyCall {
  return {
    slot,
    key,
    cost,
    kind,
    at: 0,
    upTo: 0,
    allowed: false,
    remaining: 0,
    retryAfterMs: 0,
    resetMs: 0,
    mode,
    asked: cost,
  }
}

/** What one policy decided. */
function policyDecision(call: PolicyCall): PolicyDecision {
  const { name, algorithm } = call.slot
  const { limit, windowMs } = algorithm
  const { key, asked: cost, mode, allowed, remaining, resetMs, retryAfterMs } = call
  const used = limit - remaining
  return { name, key, cost, mode, allowed, limit, used, remaining, resetMs, retryAfterMs, windowMs }
}

/** The decision of a call, from the answers that the store filled in. */
export function decisionOf(calls: readonly PolicyCall[], allowed: boolean, { at, source }: Ruling): Decision {
  const policies: PolicyDecision[] = []
  let told: PolicyDecision | undefined
  for (const call of calls) {
    const policy = policyDecision(call)
    policies.push(policy)
    if (policy.mode === 'enforce' && (told === undefined || comesBefore(policy, told))) told = policy
  }
  if (told === undefined) {
    const none = { policy: undefined, limit: Infinity, used: 0, remaining: Infinity, resetMs: 0 }
    return { allowed, retryAfterMs: 0, ...none, policies, source, at }
  }
  const { name: policy, limit, used, remaining, resetMs, retryAfterMs } = told
  return { allowed, retryAfterMs, policy, limit, used, remaining, resetMs, policies, source, at }
}

/** Whether a person is to be told of `policy` rather than of `told`, which comes first in configured order. */
function comesBefore(policy: PolicyDecision, told: PolicyDecision): boolean {
  if (policy.allowed !== told.allowed) return !policy.allowed
  if (!policy.allowed) return policy.retryAfterMs > told.retryAfterMs
  if (policy.remaining !== told.remaining) return policy.remaining < told.remaining
  return policy.resetMs > told.resetMs
}
