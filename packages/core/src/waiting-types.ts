import type { Decision } from './algorithm.ts'
import type { PolicyCall } from './charges.ts'
import type { LimiterCalls } from './limiter-calls.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { SlotWaiting } from './slot-waiting.ts'
import type { Waiter } from './waiter.ts'

/** What waiting needs of a limiter. */
export interface Decider extends Pick<LimiterCalls, 'callsOf'> {
  decide(calls: readonly PolicyCall[], ask: boolean): MaybePromise<Decision>
  refund(decision: Decision): MaybePromise<unknown>
  readonly slots: SlotWaiting
}

/** All who wait for the same keys. */
export interface Line {
  /** `maxQueue` 0: there is no place, so it is decided at once. */
  enter(waiter: Waiter, maxQueue: number): void
  /** Leaves, or gives the turn back. */
  abort(waiter: Waiter, reason: unknown): void
  /** Refuses everybody, and gives back what they were charged. */
  close(): MaybePromise<void>[]
}
