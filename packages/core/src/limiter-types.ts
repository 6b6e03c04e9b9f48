import type { Decision } from './algorithm.ts'
import type { PolicyInfo } from './bound-policies.ts'
import type { LimiterEvents } from './events.ts'
import type { PolicyList, PolicyOptions } from './policies.ts'
import type { Reservation, ReserveOptions } from './reservation.ts'
import type { Grant, GrantOptions, In, Mode, OnStoreError, Store } from './store.ts'
import type { Cost, CostOptions, PolicyCharge, Target } from './targets.ts'
import type { WaitOptions } from './waiting.ts'

/** The names of `LimiterSettings`. */
export const SETTINGS: readonly string[] = ['store', 'shared', 'onStoreError', 'on']

export interface LimiterSettings<M extends Mode = Mode> {
  /** Where the state is kept. Default: a `memoryStore()` of its own. */
  store?: Store<M>
  /** `true`: another limiter on the same store may have policies of the same names, and both count together. */
  shared?: boolean
  /**
   * What answers while the store does not, for stores that can fail. Default `'local'`: the same policies, counted in this
   * process until the store is back.
   */
  onStoreError?: OnStoreError
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
   * told apart from it, so do not refund those: a balance would get the units anew each time. Slots that are held come back by `release`.
   */
  refund(decision: Decision, options?: CostOptions<Name>): In<M, void>
  /**
   * Adds units to the balance of a key of a `prepaid` policy, once for each `id`, and tells what there is then.
   * @param units whole units from 1
   * @throws TypeError, RangeError for a key, units or an id that are none, and unless exactly one policy of the target is a
   * `prepaid`; a store's failure rejects, whatever `onStoreError` says: grant again under the same id
   */
  grant(target: Target<Name>, units: number, options: GrantOptions): In<M, Grant>
  /** Forgets the keys of a target, or those of a decision; of a `prepaid` the balance with the ids of its grants. */
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
   * Charges an estimate, to be replaced by the true cost once that is known.
   * @throws TypeError, RangeError for a key, cost or debt that is none, and for names of no policy
   */
  reserve(target: Target<Name>, options?: ReserveOptions<Name>): In<M, Reservation<M, Name>>
  /**
   * Puts the true cost in the place of what a decision charged, as `settle` of a reservation does, once.
   * @throws TypeError, RangeError for what is no cost
   */
  settle(decision: Decision, actual: Cost<Name>, options?: Pick<ReserveOptions<Name>, 'maxDebt'>): In<M, void>
  /**
   * Waits for a turn: first come, first served for the same keys in this process. Gives the allowed decision when the turn
   * is due (figures and `at` are those of when it was charged, waits what is left of them), and a denial as soon as it is known that the turn would
   * come too late, or where `maxQueue` others wait already.
   *
   * Buckets are charged on entry, into debt, so every process knows when its turn is. Turns of theirs are never closer
   * than the bucket lets out, but for those that were given back while later ones sleep in other processes. Policies of other
   * kinds are charged when they have room: who comes first sleeps until then, and what they share a decision with is
   * charged by then too, before the sleep for a bucket. Slots are to be held by `hold`.
   * @param target as for `take`, or as for `decide`
   * @throws TypeError, RangeError for options, a key or a cost out of range, and for names of no policy
   */
  wait(target: Target<Name> | readonly PolicyCharge<Name>[], options?: WaitOptions<Name>): Promise<Decision>
  /**
   * Replaces the policies while calls go on. State is kept by name: what was used stays used, unless the kind of
   * algorithm changes (event `policyReset`).
   */
  update(policies: LimiterPolicies<Name>): void
  /**
   * Gives its policies' names back, and whatever the store took ahead for its callers; refuses all who wait. Every later
   * call throws; but slots that are held stay with their holders until these release them, and reservations can be
   * settled. The store stays open: whoever made it closes it.
   */
  close(): Promise<void>
}
