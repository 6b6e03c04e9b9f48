import type { Decision, PolicyDecision } from './algorithm.ts'
import type { PolicyReset } from './bound-policies.ts'
import type { PolicyCall } from './charges.ts'
import { functionOf, knownOptions } from './check.ts'
import type { FailureEvents, Ruling, Store } from './store.ts'
import { warnOnce } from './warn.ts'
import { type Warned, createWarnings } from './warnings.ts'

/** What a limiter tells beside its decisions. What a listener throws is its own affair: no request hears of it. */
export interface LimiterEvents extends FailureEvents {
  /** A call was allowed, and charged. */
  taken?: (event: { readonly decision: Decision }) => void
  /** A call was refused. */
  limited?: (event: { readonly decision: Decision }) => void
  /** A policy in shadow mode would have refused a call. */
  shadowLimited?: (event: { readonly policy: PolicyDecision; readonly decision: Decision }) => void
  /** What is used of a key came to a threshold of `warnAt`: once for each key, policy, threshold and window. */
  warned?: (event: Warned) => void
  /** A call had to wait for its turn: for so many milliseconds. */
  delayed?: (event: { readonly decision: Decision; readonly waitedMs: number }) => void
  /** A policy changed its kind of algorithm, so its keys start afresh. */
  policyReset?: (event: PolicyReset) => void
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

/** Tells a listener, if there is one. */
export function tell<E>(listener: ((event: E) => unknown) | undefined, event: E): void {
  try {
    const told = listener?.(event) as PromiseLike<unknown> | undefined
    if (typeof told?.then === 'function') void told.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}

const failed = (error: unknown): void =>
  warnOnce(`a listener failed: ${error instanceof Error ? error.message : String(error)}`)

/** Sees what calls of the store have done; `decision` where one came of them. */
export type Observe = (calls: readonly PolicyCall[], ruling: Ruling, decision?: Decision) => void

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
  const warn = warned && createWarnings(store, thresholdsOf, (event) => tell(warned, event))
  return (calls, ruling, decision) => {
    if (decision && decision.policies.length > 0) {
      tell<{ decision: Decision }>(decision.allowed ? taken : limited, { decision })
      for (const policy of shadowLimited ? decision.policies : [])
        if (policy.mode === 'shadow' && !policy.allowed) tell(shadowLimited, { policy, decision })
    }
    if (ruling.allowed) warn?.(calls, ruling.at)
  }
}

/** Gives what somebody waited for, and tells the listeners of the waiting. */
export async function waited(
  { limited, delayed }: LimiterEvents,
  turn: Promise<Decision>,
): Promise<Decision> {
  const from = performance.now()
  const decision = await turn
  const waitedMs = Math.floor(performance.now() - from)
  if (!decision.allowed) tell(limited, { decision })
  else if (waitedMs > 0) tell(delayed, { decision, waitedMs })
  return decision
}
