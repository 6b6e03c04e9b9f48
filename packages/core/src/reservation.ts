import type { Decision } from './algorithm.ts'
import { chargeOf, type PolicyCall, refundOf } from './charges.ts'
import type { PolicySet } from './policy-set.ts'
import type { Receipts } from './receipts.ts'
import type { In, Mode } from './store.ts'
import { checkCost, type Cost, type CostOptions, partOf } from './targets.ts'

export const RESERVE_OPTIONS: readonly string[] = ['cost', 'maxDebt']

export interface ReserveOptions<Name extends string> extends CostOptions<Name> {
  /**
   * What `settle` charges beyond the estimate at the most, in units of each policy: one number for all of them, or one
   * for each. Default: the policy's limit.
   */
  maxDebt?: Cost<Name> | undefined
}

/** What was charged for something whose true cost is known later. Never settled, the estimate stays charged. */
export interface Reservation<M extends Mode, Name extends string = string> {
  readonly decision: Decision
  /**
   * Puts the true cost in the place of the estimate: gives back what was not needed; charges what was needed beyond it
   * now, into debt if need be, `maxDebt` at the most. A policy without a part of `actual` keeps its estimate. Once for
   * each policy: later calls, and those after a refund of the decision, do nothing, as for a denied decision.
   * @throws TypeError, RangeError for what is no cost
   */
  settle(actual: Cost<Name>): In<M, void>
  /** Gives the whole estimate back, once. */
  cancel(): In<M, void>
}

/**
 * What replaces the charges of decisions by their true cost, in one call of the store: nothing for a decision that was
 * denied, refunded or settled.
 * @throws TypeError, RangeError for a `maxDebt` or an `actual` that is no cost
 */
export function settlementOf(
  receipts: Receipts,
  policies: PolicySet,
  maxDebt: Cost<string> | undefined,
): (decision: Decision, actual: Cost<string>) => PolicyCall[] {
  // An update may have taken policies away meanwhile.
  const known: Pick<PolicySet, 'named'> = {
    named: (name, what) => policies.everHad(name) ?? policies.named(name, what),
  }
  if (maxDebt !== undefined) checkCost('maxDebt', maxDebt, known)
  return (decision, actual) => {
    checkCost('actual', actual, known)
    const isSettled = (policy: string): boolean => partOf(actual, policy) !== undefined
    return receipts.toSettle(decision, isSettled).flatMap((receipt): PolicyCall[] => {
      const { slot, cost } = receipt
      const more = (partOf(actual, slot.name) ?? cost) - cost
      if (more < 0) return [refundOf({ ...receipt, cost: -more })]
      // A quota that moves is as it was told.
      const limit = decision.policies.find(({ name }) => name === slot.name)?.limit ?? slot.algorithm.limit
      const most = partOf(maxDebt, slot.name) ?? limit
      return more > 0 && most > 0 ? [chargeOf('force', { ...receipt, cost: Math.min(more, most) })] : []
    })
  }
}
