/**
 * What an algorithm, a decision and a store's answer are, and the laws they keep.
 *
 * An algorithm is arithmetic over a few integers. It knows no clock, key, store or HTTP. Its state holds what
 * was used, never what is left, so that a changed limit keeps what was used; and it holds the parameters of
 * time it was counted under, so that a state says by itself when it stops to matter.
 *
 * The laws, tested on every algorithm and every store:
 *
 * - L1 Never more is admitted than the bound that the algorithm's own documentation states.
 * - L2 A denied or zero-cost take creates no key and changes no later answer; under other parameters than the state's
 *   a denied one has it converted, so that the wait it is told comes true.
 * - L3 `retryAfterMs` is exact: without other traffic, allowed then and denied one millisecond sooner.
 *   A cost that can never fit gives `Infinity`.
 * - L4 After `ttlMs` a key cannot be told from one never seen, whether or not it was removed by then.
 * - L5 Time that steps back grants nothing. Up to `patience` (the window, at least a minute) time stands still
 *   for that key and every wait includes the gap; beyond it the state is moved to the new time with what it
 *   holds, so that no wait is longer than the algorithm's own longest wait plus `patience`.
 * - L6 Every store answers exactly as the memory store does, given the same times.
 * - L7 `remaining >= c` if and only if a take of `c` now would be allowed by that policy.
 * - L8 Several charges: all are made or none is, whatever their order.
 * - L9 A refund takes the decision it undoes as its receipt, and never gives back more than that decision
 *   still weighs.
 */

import type { Receipt } from './charges.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Grant, GrantOptions, Slot, Store } from './store.ts'

/** What one policy says to one charge. All counts are whole units, all durations whole milliseconds. */
export interface Answer {
  /** Whether the cost fits. */
  allowed: boolean
  /** Whole units that a take could have now, from 0. */
  remaining: number
  /** 0 when allowed, else the exact wait; `Infinity` when the cost can never fit. */
  retryAfterMs: number
  /** Until the whole quota is back if nothing more is taken; 0 when it is, `Infinity` where it never comes back by itself. */
  resetMs: number
  /** The quota as it is now, from algorithms whose quota moves: a balance, or one to which something was carried over. */
  limit?: number
}

/**
 * A rate-limiting algorithm with its parameters: a value with two faces. Stores that run TypeScript call
 * `look` and `charge`; stores that run it elsewhere send `kind` and `args` to a twin.
 *
 * `S` is the state of one key: integers only (or arrays of them), safe up to 2^53.
 */
export interface Algorithm<S extends object = object> {
  /** Names the family of states that can be adopted from one another, and the Lua twin. */
  readonly kind: string
  /** The quota in units: what a key that was never seen could take at once. `look` may tell another one. */
  readonly limit: number
  /** The largest quota that a key can ever have, where quotas move. Default: `limit`. */
  readonly maxLimit?: number
  /** The span that `limit` belongs to, in milliseconds. For buckets the time to drain when full; `Infinity` for a balance. */
  readonly windowMs: number
  /**
   * The numbers that a twin needs, in the order that it reads them; constant except for calendar windows, which send the
   * edges of the periods around `nowMs`: of the one before it, its own, and the three after it.
   */
  args(nowMs: number): readonly number[]
  /** The state of a key never seen. */
  fresh(nowMs: number): S
  /**
   * Makes a state of other parameters, or from further ahead than `patience`, one of ours, and tells whether it had to.
   * A take has to keep the change even if it is refused, or the wait it is told would not come true; who asks, or takes
   * nothing, keeps nothing. Lists of the state are replaced, never changed, so that a shallow copy will do.
   */
  adopt(state: S, nowMs: number): boolean
  /** Fills `out` as if this charge alone were made. Changes nothing else. */
  look(state: S, nowMs: number, cost: number, out: Answer): void
  /** Charges `cost` whether it fits or not; what does not fit is debt. */
  charge(state: S, nowMs: number, cost: number): void
  /**
   * Takes back up to `cost` of what was charged at `at`, as far as the state still feels it. Asks only the state, not the
   * parameters: what other parameters made of it stays as it is.
   */
  refund(state: S, nowMs: number, cost: number, at: number): void
  /**
   * How long the state still matters; 0 or less: it equals a fresh one; `Infinity`: for ever, from a `lasting` algorithm.
   * Asks only the state, not the parameters.
   */
  ttlMs(state: S, nowMs: number): number
  /** Whether what does not fit yet can be charged now and waited for: debt drains before anything else fits. */
  readonly queues?: true
  /** For an algorithm whose charges are given back: keeps them alive until then. What gives back is what it returns. */
  readonly hold?: HoldCharges
  /**
   * For a state that must not be lost: it never expires and is never evicted, nothing stands in for it while its store is
   * away, and no part of it is held ahead.
   */
  readonly lasting?: true
  /**
   * For an algorithm whose quota is granted: adds units.
   * @throws RangeError where there would be more than can be counted; nothing is changed then
   */
  add?(state: S, units: number): void
  /** For the same: checks what is to be granted, and has a store add it, once for each id. */
  readonly grant?: GrantUnits
  /** The state as text: whole numbers with commas. */
  encode(state: S): string
  /** The state of a text; a text that no state encodes to gives a fresh state. */
  decode(text: string): S
}

/**
 * Keeps charges alive until what it returns is called, which gives them back, once.
 * It makes no decisions: it moves what was charged to the present now and then.
 */
export type HoldCharges = (store: Store, receipts: readonly Receipt[]) => () => void | PromiseLike<void>

/** Grants units to a key of a store, once for each id; tells what is left. */
export type GrantUnits = (
  store: Store,
  slot: Slot,
  key: string,
  units: number,
  options: GrantOptions,
) => MaybePromise<Grant>

/** `enforce` refuses; `shadow` counts and reports, and never refuses. */
export type PolicyMode = 'enforce' | 'shadow'

/** What one policy decided. Plain data. */
export interface PolicyDecision {
  readonly name: string
  /** The kind of its algorithm: with the name and the key it tells what was charged. */
  readonly kind: string
  /** The partition key that was charged. */
  readonly key: string
  /** Units asked for. */
  readonly cost: number
  readonly mode: PolicyMode
  /** Whether this policy by itself had room for the cost. */
  readonly allowed: boolean
  readonly limit: number
  /** `limit - remaining`. */
  readonly used: number
  /** Whole units that a take could have now. */
  readonly remaining: number
  /** Milliseconds until the whole quota is back if nothing more is taken. */
  readonly resetMs: number
  /** 0 when allowed, else the exact wait in milliseconds; `Infinity` when the cost can never fit. */
  readonly retryAfterMs: number
  readonly windowMs: number
  /**
   * The receipt, where that is not the decision's own `at`: parts of a store may go by clocks of their own, and what was
   * charged ahead counts from when it is due.
   */
  readonly at?: number
}

/** Where an answer came from. */
export type DecisionSource = 'store' | 'lease' | 'deny-cache' | 'fallback' | 'failure-policy'

/**
 * The outcome of a take or a peek. Plain data: it can be logged and serialised as it is.
 *
 * `policy`, `limit`, `used`, `remaining` and `resetMs` are those of the policy to tell a person about: of the
 * denying ones the last to free up, else the one with the least remaining (ties: latest reset, then configured
 * order; never a shadow policy). Where no policy applied they are `undefined`, `Infinity`, 0, `Infinity` and 0.
 */
export interface Decision {
  readonly allowed: boolean
  /** 0 when allowed, else the exact wait in milliseconds; `Infinity` when it can never fit. */
  readonly retryAfterMs: number
  readonly policy: string | undefined
  readonly limit: number
  readonly used: number
  readonly remaining: number
  readonly resetMs: number
  /** Every policy that applied, in configured order. */
  readonly policies: readonly PolicyDecision[]
  readonly source: DecisionSource
  /** The store's time in milliseconds: the receipt for a refund. */
  readonly at: number
}
