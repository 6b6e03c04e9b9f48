/** The seam between limiters and stores. Types only. */

import type { Algorithm, Answer, DecisionSource } from './algorithm.ts'

/** Whether a store answers at once or with a promise. */
export type Mode = 'sync' | 'async'

/** `T` as a store of mode `M` gives it. */
export type In<M extends Mode, T> = M extends 'sync' ? T : Promise<T>

/** A policy's algorithm bound to a store. Stores add fields of their own. */
export interface Slot {
  readonly name: string
  readonly algorithm: Algorithm
}

/**
 * What to do with the cost:
 * - `take` charges it when every charge of the call fits, and vetoes the call when it does not fit;
 * - `ask` vetoes likewise and never charges;
 * - `shadow` charges when it fits and nobody vetoes, and never vetoes;
 * - `force` charges unless another vetoes, into debt if need be;
 * - `refund` gives back what was charged at `at`; it is done before the later charges of the call.
 */
export type ChargeKind = 'take' | 'ask' | 'shadow' | 'force' | 'refund'

/**
 * One policy's part of a call. The store fills in the fields of `Answer`: as they are after the call, but
 * `allowed` and `retryAfterMs` are those of this cost on its own; a charge that does not fit keeps its own `resetMs`.
 */
export interface Charge extends Answer {
  readonly slot: Slot
  readonly key: string
  /** Whole units from 0. Where `upTo` is larger, the store writes here what it granted. */
  cost: number
  readonly kind: ChargeKind
  /** For a refund: the `at` of the decision to undo. Else 0, where a store writes when it charged, if not at the ruling's `at`. */
  at: number
  /**
   * For a `take` that may be granted more than its cost: at most this, and at most an eighth of what remained,
   * but at least the cost. 0: exactly the cost.
   */
  readonly upTo: number
  /**
   * For a `take` of an algorithm that `queues`: it also fits where it would within this many milliseconds, and is
   * charged at once, into debt; `retryAfterMs` then tells when it is due. 0: it has to fit now.
   */
  readonly withinMs: number
  /** Units that this call charged, where a wrapper took more ahead, or had taken them before. Default: the cost. */
  charged?: number
  /** For a refund: where the decision to undo came from, since only there it was charged. */
  readonly from: DecisionSource
}

/** What a store decided about a whole call. */
export interface Ruling {
  readonly allowed: boolean
  /** The store's time of the call, in whole milliseconds. */
  readonly at: number
  readonly source: DecisionSource
  /** The charges whose answers are known, where not all are. */
  readonly told?: readonly Charge[]
  /** The wait, where no charge tells it. */
  readonly retryAfterMs?: number
}

/** What came of a grant. */
export interface Grant {
  /** `false`: units were granted under this id before, and nothing changed now. */
  readonly granted: boolean
  /** What there was after the last grant, in units. */
  readonly limit: number
  /** Units that are left. */
  readonly remaining: number
}

export interface GrantOptions {
  /**
   * Tells this grant from every other of its key: the id of a payment, say. 1 to 256 characters. What is granted again under
   * an id, by a retry or a webhook that is delivered twice, grants nothing. Remembered until the key is reset.
   */
  id: string
}

/** Owns state, atomicity and the clock. What wraps a store is a function `(store: Store) => Store`. */
export interface Store<out M extends Mode = Mode> {
  readonly mode: M
  /**
   * `false` where several charges of a call are not made at one instant: never over a limit, but a call that is refused
   * by one part may be seen by others before it has given its other parts back. Default `true`.
   */
  readonly atomic?: boolean
  /** Binds a policy: once per name, kind and parameters. Identity of state is name, kind and key. */
  open(name: string, algorithm: Algorithm): Slot
  /** At one instant: looks at all charges, then makes all of them or none, and fills in their answers. */
  take(charges: readonly Charge[]): In<M, Ruling>
  /**
   * For algorithms whose quota is granted: adds units to a key, unless some were added to it under this id before; what it
   * tells of the key is as it is then. Ids are kept as long as the state, and forgotten with it.
   */
  grant?(slot: Slot, key: string, units: number, id: string): In<M, Grant>
  /** Forgets one key of a slot's name and kind; `undefined`: every key of it. */
  forget(slot: Slot, key: string | undefined): In<M, void>
  /** The wall clock, where a ruling's `at` may differ from it: what headers in epoch time go by. */
  readonly wallClock?: () => number
  /**
   * For stores that may fail: the same store, which then answers by a failure policy. What limiters ask for; a store
   * without it rejects what fails.
   */
  readonly guarded?: (onStoreError: OnStoreError | undefined, on: FailureEvents) => Store<M>
  /** Asks for nothing, and rejects while the store could not take. */
  probe?(): Promise<void>
  /** Gives back what it took ahead for its callers. It goes on working. */
  giveBack?(): void | Promise<void>
  /** Frees what the store itself opened; never the client that it was given. */
  close?(): void | Promise<void>
}

/**
 * What answers while a store does not:
 * - `'local'` (default): the same policies, counted in this process until the store is back, so that at worst as many
 *   limits pass as there are processes; `{ local: { share: 1 / n } }` counts an `n`-th of each limit;
 * - `'allow'`: everything passes, and no policy is told;
 * - `'deny'`: nothing passes; the wait is until the store is asked again;
 * - `{ fallback }`: another store.
 */
export type OnStoreError =
  | 'local'
  | 'allow'
  | 'deny'
  | { readonly local: { readonly share: number } }
  | { readonly fallback: Store }

/** A store stopped to answer, or answers again. Each is told once per change. */
export interface FailureEvents {
  storeFailing?: ((event: { readonly error: unknown }) => unknown) | undefined
  /** `failingMs`: for how long it did not answer, in milliseconds. */
  storeRecovered?: ((event: { readonly failingMs: number }) => unknown) | undefined
}
