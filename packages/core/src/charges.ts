import type { DecisionSource, PolicyMode } from './algorithm.ts'
import type { Charge, ChargeKind, Slot } from './store.ts'

/** What is charged to one key. */
export interface Receipt {
  readonly slot: Slot
  readonly key: string
  readonly cost: number
  /** When it was charged, by the store's time in milliseconds. */
  readonly at: number
  /** Where it was charged. */
  readonly from: DecisionSource
}

/** A charge with what its decision tells beside the store's answer. */
export interface PolicyCall extends Charge {
  readonly mode: PolicyMode
  withinMs: number
  limit: number
}

/** A charge, to be answered by the store. Written out whole: to copy parts of objects costs more than a decision. */
export const chargeOf = (
  kind: ChargeKind,
  { slot, key, cost, from = 'store' }: Pick<Receipt, 'slot' | 'key' | 'cost'> & { from?: DecisionSource },
  mode: PolicyMode = 'enforce',
  at: number = 0,
): PolicyCall => ({
  slot,
  key,
  cost,
  kind,
  at,
  upTo: 0,
  withinMs: 0,
  from,
  allowed: false,
  remaining: 0,
  resetMs: 0,
  retryAfterMs: 0,
  limit: slot.algorithm.limit,
  mode,
})

/** A charge that undoes what a receipt is of. */
export const refundOf = (receipt: Receipt): PolicyCall => chargeOf('refund', receipt, 'enforce', receipt.at)
