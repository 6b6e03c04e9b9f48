import type { Decision } from './algorithm.ts'
import type { PolicyInfo, PolicyReset } from './bound-policies.ts'
import type { PolicyList, PolicyOptions } from './policies.ts'
import type { In, Mode, Store } from './store.ts'
import type { CostOptions, PolicyCharge, Target } from './targets.ts'

/** What a limiter tells beside its decisions. */
export interface LimiterEvents {
  /** A policy changed its kind of algorithm, so its keys start afresh. */
  policyReset?: (event: PolicyReset) => void
}

/** The names of `LimiterSettings`. */
export const SETTINGS: readonly string[] = ['store', 'shared', 'on']

export interface LimiterSettings<M extends Mode = Mode> {
  /** Where the state is kept. Default: a `memoryStore()` of its own. */
  store?: Store<M>
  /** `true`: another limiter on the same store may have policies of the same names, and both count together. */
  shared?: boolean
  on?: LimiterEvents
}

/** Policies, in a list or in short. */
export type LimiterPolicies<Name extends string> = PolicyList<Name> | PolicyOptions<Name>

export type LimiterOptions<M extends Mode, Name extends string> = LimiterSettings<M> & LimiterPolicies<Name>

/** Slots of `concurrency` policies that are held until they are released. */
export interface Held<M extends Mode> {
  readonly decision: Decision
  /** Frees the slots. Calling it again does nothing. */
  readonly release: () => In<M, void>
}

/** Named policies bound to a store. Answers at once where the store does, else with promises. */
export interface Limiter<M extends Mode = Mode, Name extends string = string> {
  readonly store: Store<M>
  /** The policies, in configured order. */
  readonly policies: readonly PolicyInfo<Name>[]
  /**
   * Charges all policies that apply, or none.
   * @throws TypeError, RangeError for a key or cost that is none, and for names of no policy
   */
  take(target: Target<Name>, options?: CostOptions<Name>): In<M, Decision>
  /** Like `take`, with each policy's part spelt out; the algorithm too may differ per call. */
  decide(charges: readonly PolicyCharge<Name>[]): In<M, Decision>
  /** Whether `take` would be allowed, and the figures as they are without it. Charges nothing. */
  peek(target: Target<Name>, options?: CostOptions<Name>): In<M, Decision>
  /**
   * Undoes what a decision charged: all of it, or at most `cost` units of each policy (all of those without a cost). A
   * second refund of a decision, and one of a denied decision, do nothing; a copy of it, and what `peek` gave, are not
   * told apart from it, so do not refund those. Slots that are held come back by `release`.
   */
  refund(decision: Decision, options?: CostOptions<Name>): In<M, void>
  /** Forgets the keys of a target, or those of a decision. */
  reset(target: Target<Name> | Decision): In<M, void>
  /** Forgets every key of every policy. Meant for tests. */
  resetAll(): In<M, void>
  /**
   * Charges like `take`, and holds the slots of `concurrency` policies, renewed, until they are released.
   * @throws TypeError when no policy is a `concurrency`
   */
  acquire(target: Target<Name>, options?: CostOptions<Name>): In<M, Held<M>>
  /** Holds the slots of an allowed decision as `acquire` does, once. Without such slots, `release` does nothing. */
  hold(decision: Decision): Held<M>
  /**
   * Replaces the policies while calls go on. State is kept by name: what was used stays used, unless the kind of
   * algorithm changes (event `policyReset`).
   */
  update(policies: LimiterPolicies<Name>): void
  /**
   * Gives its policies' names back; every later call throws. Slots that are held stay with their holders until these
   * release them. The store stays open: whoever made it closes it.
   */
  close(): Promise<void>
}
