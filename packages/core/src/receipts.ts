import type { Decision } from './algorithm.ts'
import type { BoundPolicy } from './bound-policies.ts'
import type { PolicyCall } from './decision.ts'
import type { Slot } from './store.ts'
import { byPolicy, type Cost } from './targets.ts'

/** What one policy of a decision was charged. */
export interface Receipt {
  readonly slot: Slot
  readonly key: string
  readonly cost: number
}

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
  const noted = new WeakMap<Decision, readonly Slot[]>()
  const refunded = new WeakSet<Decision>()
  let before: ReadonlyMap<string, BoundPolicy> | undefined

  /** Whether a call of the decision has another slot than its policy's own. */
  function bringsItsOwn(calls: readonly PolicyCall[]): boolean {
    const policies = current()
    for (const { slot } of calls) if (slot !== policies.get(slot.name)?.slot) return true
    return false
  }

  function charged(decision: Decision): Receipt[] {
    if (!decision.allowed) return []
    const slots = noted.get(decision)
    return decision.policies.flatMap(({ name, key, cost, mode, allowed }, index) => {
      const slot = slots === undefined ? (before ?? current()).get(name)?.slot : slots[index]
      const made = cost > 0 && (mode === 'enforce' || allowed)
      return slot !== undefined && made ? [{ slot, key, cost }] : []
    })
  }

  return {
    note(decision, calls) {
      if (before === undefined && !bringsItsOwn(calls)) return
      noted.set(
        decision,
        calls.map(({ slot }) => slot),
      )
    },
    noteAll(policies) {
      before ??= policies
    },
    charged,
    refundable(decision, cost) {
      if (refunded.has(decision)) return []
      refunded.add(decision)
      const costOf = byPolicy('cost', cost ?? Infinity, (name) => current().has(name))
      return charged(decision).flatMap((receipt) => {
        const back = Math.min(receipt.cost, costOf(receipt.slot.name) ?? Infinity)
        return back > 0 ? [{ ...receipt, cost: back }] : []
      })
    },
  }
}
