import type { Decision } from './algorithm.ts'
import type { BoundPolicy } from './bound-policies.ts'
import type { PolicyCall, Receipt } from './charges.ts'
import { wholeNumber } from './check.ts'
import type { Slot } from './store.ts'
import { byPolicy, type Cost } from './targets.ts'

/** Remembers what decisions charged, and which were refunded. */
export interface Receipts {
  /** Notes the slots of a decision where they cannot be told from its policies' names. */
  note(decision: Decision, calls: readonly PolicyCall[]): void
  /** Says that `before` are the policies of decisions without a note, and that every decision is noted from now on. */
  noteAll(before: ReadonlyMap<string, BoundPolicy>): void
  /** What an allowed decision charged; nothing for a denied one. */
  charged(decision: Decision): Receipt[]
  /** What a refund gives back: at most what was charged, and only once. */
  refundable(decision: Decision, cost: Cost<string> | undefined): Receipt[]
}

/**
 * The receipts of a limiter. A decision is plain data, so where it was charged is told by its policies' names, and
 * is noted beside it only where a call brought its own algorithm or the policies changed kind since.
 */
export function createReceipts(current: () => ReadonlyMap<string, BoundPolicy>): Receipts {
  const noted = new WeakMap<Decision, readonly PolicyCall[]>()
  const refunded = new WeakSet<Decision>()
  let before: ReadonlyMap<string, BoundPolicy> | undefined

  const slotOf = (name: string): Slot | undefined => (before ?? current()).get(name)?.slot

  function charged(decision: Decision): Receipt[] {
    const parts =
      noted.get(decision) ?? decision.policies.map((policy) => ({ ...policy, slot: slotOf(policy.name) }))
    return parts.flatMap(({ slot, key, cost, mode, allowed }) =>
      slot && cost > 0 && decision.allowed && (mode === 'enforce' || allowed) ? [{ slot, key, cost }] : [],
    )
  }

  return {
    note(decision, calls) {
      if (before || calls.some(({ slot }) => slot !== slotOf(slot.name))) noted.set(decision, calls)
    },
    noteAll(policies) {
      before ??= policies
    },
    charged,
    refundable(decision, cost = {}) {
      const costOf = byPolicy('cost', cost, (name) => current().has(name))
      const back = charged(decision)
        .map((receipt) => {
          const most = wholeNumber('cost', costOf(receipt.slot.name) ?? receipt.cost)
          return { ...receipt, cost: Math.min(receipt.cost, most) }
        })
        .filter((receipt) => receipt.cost > 0)
      if (refunded.has(decision)) return []
      refunded.add(decision)
      return back
    },
  }
}
