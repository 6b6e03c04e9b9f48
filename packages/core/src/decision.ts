import type { Decision, PolicyDecision, PolicyMode } from './algorithm.ts'
import type { BoundPolicy } from './bound-policies.ts'
import { refuse, wholeNumber } from './check.ts'
import type { Charge, Ruling, Slot } from './store.ts'

/** A charge with what its decision tells beside the store's answer. */
export interface PolicyCall extends Charge {
  readonly mode: PolicyMode
  /** The cost that was asked for. */
  readonly asked: number
}

/**
 * One policy's part of a call, to be answered by the store.
 * @throws TypeError, RangeError for a key that is not text or empty, and for a cost that is no whole number from 0
 */
export function policyCall(
  { name, mode }: BoundPolicy,
  slot: Slot,
  key: string,
  cost: number,
  ask: boolean,
): PolicyCall {
  if (typeof key !== 'string' || key === '')
    refuse(`the key for policy '${name}'`, 'text that is not empty', key)
  wholeNumber('cost', cost)
  const kind = ask ? 'ask' : mode === 'shadow' ? 'shadow' : 'take'
  // Written out whole: copying the parts of an object costs more than a decision.
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
function comesBefore(policy: PolicyDecision, told: PolicyDecision): boolean {
  if (policy.allowed !== told.allowed) return !policy.allowed
  if (!policy.allowed) return policy.retryAfterMs > told.retryAfterMs
  if (policy.remaining !== told.remaining) return policy.remaining < told.remaining
  return policy.resetMs > told.resetMs
}
