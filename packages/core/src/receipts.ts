import type { Decision } from './algorithm.ts'
import type { Receipt } from './charges.ts'
import { refuse, wholeNumber } from './check.ts'
import type { PolicySet } from './policy-set.ts'
import type { Slot } from './store.ts'
import { type Cost, partOf } from './targets.ts'

/** Tells what decisions charged, and gives each part out once: a refund of it, and holding it. */
export interface Receipts {
  /** The slots of an allowed decision that are held until they are released. */
  toHold(decision: Decision): Receipt[]
  /** What a settlement replaces: all that was charged, were it nothing, and nothing that is held. */
  toSettle(decision: Decision): Receipt[]
  /** What a refund gives back: at most what was charged, and nothing that is held. */
  toRefund(decision: Decision, cost: Cost<string> | undefined): Receipt[]
}

const holds = ({ slot }: { slot: Slot }): boolean => slot.algorithm.hold !== undefined

/** Whether a decision is held; `false`: it is refunded. Of all limiters, since several may share a store. */
const given = new WeakMap<Decision, boolean>()

/**
 * What a decision decided, policy by policy.
 * @throws TypeError for what is no decision
 */
const policiesOf = (decision: Decision): Decision['policies'] =>
  Array.isArray(decision?.policies)
    ? decision.policies
    : refuse('the decision', 'what take() or another call of the limiter gave', decision)

/**
 * The receipts of a limiter. A decision is plain data: where it was charged is told by the names and the kinds of its
 * policies, so that one that was logged or sent elsewhere can be refunded too.
 */
export function createReceipts(policies: PolicySet): Receipts {
  /** What an allowed decision charged; nothing for a denied one. */
  const charged = (decision: Decision): Receipt[] =>
    policiesOf(decision).flatMap(({ name, kind, key, cost, mode, allowed, at = decision.at }) => {
      const slot = policies.everHad(name)?.kinds.get(kind)
      return slot && decision.allowed && (mode === 'enforce' || allowed)
        ? [{ slot, key, cost, at: wholeNumber('at', at), from: decision.source }]
        : []
    })

  /** Gives a decision out for good; nothing where it was before. */
  function spend(decision: Decision, back: Receipt[]): Receipt[] {
    if (given.get(decision) === false) return []
    given.set(decision, false)
    return back
  }

  const isHeld = (decision: Decision, receipt: Receipt): boolean =>
    given.get(decision) === true && holds(receipt)

  return {
    toHold(decision) {
      if (given.has(decision)) return []
      given.set(decision, true)
      return charged(decision).filter((receipt) => receipt.cost > 0 && holds(receipt))
    },
    toSettle(decision) {
      return spend(
        decision,
        charged(decision).filter((receipt) => !isHeld(decision, receipt)),
      )
    },
    toRefund(decision, cost) {
      const back = charged(decision).flatMap((receipt) => {
        const most = wholeNumber('cost', partOf(cost, receipt.slot.name) ?? receipt.cost)
        const units = isHeld(decision, receipt) ? 0 : Math.min(receipt.cost, most)
        return units > 0 ? { ...receipt, cost: units } : []
      })
      return spend(decision, back)
    },
  }
}
