import type { Decision, PolicyDecision } from './algorithm.ts'
import type { PolicyReset } from './bound-policies.ts'
import type { PolicyCall } from './charges.ts'
import { functionOf, knownOptions } from './check.ts'
import type { FailureEvents, Ruling, Store } from './store.ts'
import { tell } from './tell.ts'
import type { Ended } from './waiting.ts'
import { type Warned, createWarnings } from './warnings.ts'

/**
 * What a limiter tells beside its decisions. Nobody waits for a listener; what it throws, or rejects with, no request hears
 * of: it is warned of once.
 */
export interface LimiterEvents extends FailureEvents {
  /** A call was allowed, and charged. */
  taken?: ((event: { readonly decision: Decision }) => unknown) | undefined
  /** A call was refused by a limit: once, when a wait ends so. */
  limited?: ((event: { readonly decision: Decision }) => unknown) | undefined
  /** A policy in shadow mode would have refused a call. */
  shadowLimited?:
    | ((event: { readonly policy: PolicyDecision; readonly decision: Decision }) => unknown)
    | undefined
  /**
   * A charge took what is used of a key to a threshold of `warnAt`: once for each key, policy, threshold and window, in all
   * processes that share the store; again where the limit is another by then, and after `resetAll`.
   */
  warned?: ((event: Warned) => unknown) | undefined
  /** A call has its turn, for which it had to wait: so many milliseconds. */
  delayed?: ((event: { readonly decision: Decision; readonly waitedMs: number }) => unknown) | undefined
  /** A policy changed its kind of algorithm, so its keys start afresh. */
  policyReset?: ((event: PolicyReset) => unknown) | undefined
}

const EVENTS = [
  'taken',
  'limited',
  'shadowLimited',
  'warned',
  'delayed',
  'policyReset',
  'storeFailing',
  'storeRecovered',
] as const satisfies readonly (keyof LimiterEvents)[]

/**
 * Refuses what is no list of listeners.
 * @throws TypeError
 */
export function checkEvents(on: LimiterEvents): void {
  knownOptions('on', on, EVENTS)
  for (const event of EVENTS) functionOf(`on.${event}`, on[event])
}

/** Sees what calls of the store have done; `decision` where one came of them. */
export type Observe = (calls: readonly PolicyCall[], ruling: Ruling, decision?: Decision) => void

function tellDecision({ taken, limited, shadowLimited }: LimiterEvents, decision: Decision): void {
  const { allowed, policies } = decision
  // Where no policy has a say, nothing was charged and no limit refused.
  if (policies.length === 0) return
  if (allowed) tell('taken', taken, { decision })
  else tell('limited', limited, { decision })
  if (shadowLimited === undefined) return
  for (const policy of policies)
    if (policy.mode === 'shadow' && !policy.allowed)
      tell('shadowLimited', shadowLimited, { policy, decision })
}

/**
 * What tells the listeners of calls; nothing where nobody listens.
 * @param thresholdsOf the `warnAt` of a policy
 */
export function observer(
  on: LimiterEvents,
  store: Store,
  thresholdsOf: (policy: string) => readonly number[],
): Observe | undefined {
  const { taken, limited, shadowLimited, warned } = on
  if (!(taken || limited || shadowLimited || warned)) return undefined
  const warn = warned && createWarnings(store, thresholdsOf, (event) => tell('warned', warned, event))
  return (calls, ruling, decision) => {
    if (decision) tellDecision(on, decision)
    // A failure policy has charged nothing.
    if (ruling.allowed) warn?.((ruling.told as readonly PolicyCall[] | undefined) ?? calls, ruling)
  }
}

/** What tells the listeners how a wait ended: a charge was told when it was made. Nothing where nobody listens. */
export function waitObserver(on: LimiterEvents): Ended | undefined {
  const { limited, shadowLimited, delayed } = on
  if (!(limited || shadowLimited || delayed)) return undefined
  return (decision, waitedMs) => {
    if (!decision.allowed) tellDecision(on, decision)
    else if (waitedMs > 0) tell('delayed', delayed, { decision, waitedMs })
  }
}
