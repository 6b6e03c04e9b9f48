import type { Decision } from './algorithm.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { PolicyCharge } from './targets.ts'

/** Somebody who waits. */
export interface Waiter {
  readonly charges: readonly PolicyCharge[]
  /** Who is charged as much can take the other's turn. */
  readonly costs: string
  readonly maxWaitMs: number
  /** When its time is up, by `performance.now()`. */
  readonly until: number
  isAsking: boolean
  /** Whether it had to wait for more than an answer of the store. */
  isDelayed: boolean
  isOver: boolean
  /** What comes of the last call of the store. */
  answer: MaybePromise<void>
  stopTimer(): void
  /** Ends the waiting. */
  readonly resolve: (decision: Decision) => void
  readonly reject: (error: unknown) => void
}

/** Somebody who begins to wait now. */
export const waiterOf = (
  charges: readonly PolicyCharge[],
  maxWaitMs: number,
  resolve: (decision: Decision) => void,
  reject: (error: unknown) => void,
): Waiter => ({
  charges,
  costs: charges.map(({ cost = 1 }) => cost).join(),
  maxWaitMs,
  until: performance.now() + maxWaitMs,
  isAsking: false,
  isDelayed: false,
  isOver: false,
  answer: undefined,
  stopTimer: () => undefined,
  resolve,
  reject,
})
