import type { Decision } from './algorithm.ts'
import type { Receipt } from './charges.ts'
import { refuse, wholeNumber } from './check.ts'
import type { PolicySet } from './policy-set.ts'
import type { Slot } from './store.ts'
import { type Cost, partOf } from './targets.ts'

/** Tells what decisions charged, and gives each part out once: to a refund, to what settles it, or to hold it. */
export interface Receipts {
  /** The slots of an allowed decision that are held until they are released. */
  toHold(decision: Decision): Receipt[]
  /** What a settlement of some policies replaces: all that they charged, were it nothing, and nothing that is held. */
  toSettle(decision: Decision, isSettled: (policy: string) => boolean): Receipt[]
  /** What a refund gives back: at most what was charged, and nothing that is held or settled. It is for all policies. */
  toRefund(decision: Decision, cost: Cost<string> | undefined): Receipt[]
}

const holds = ({ slot }: { slot: Slot }): boolean => slot.algorithm.hold !== undefined

/** What of a decision is given out. */
interface Given {
  isHeld: boolean
  /** The policies that were refunded or settled; `'all'` after a refund. */
  spent: Set<string> | 'all'
}

/** Of all limiters, since several may share a store. */
const given = new WeakMap<Decision, Given>()

function givenOf(decision: Decision): Given {
  let known = given.get(decision)
  if (known === undefined) given.set(decision, (known = { isHeld: false, spent: new Set() }))
  return known
}

/**
 * What a decision decided, policy by policy.
 * @throws TypeError for what is no decision
 */
function policiesOf(decision: Decision): Decision['policies'] {
  const { policies } = (decision ?? {}) as Partial<Decision>
  return policies?.map ? policies : refuse('the decision', 'what a call of the limiter gave', decision)
}

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

  /** What nobody was given yet. */
  const left = (decision: Decision): Receipt[] => {
    const { isHeld, spent } = givenOf(decision)
    return charged(decision).filter(
      (receipt) => spent !== 'all' && !spent.has(receipt.slot.name) && !(isHeld && holds(receipt)),
    )
  }

  return {
    toHold(decision) {
      const known = givenOf(decision)
      if (known.isHeld || known.spent === 'all') return []
      const slots = left(decision).filter((receipt) => receipt.cost > 0 && holds(receipt))
      known.isHeld = true
      return slots
    },
    toSettle(decision, isSettled) {
      const { spent } = givenOf(decision)
      const settled = left(decision).filter(({ slot }) => isSettled(slot.name))
      for (const { slot } of settled) if (spent !== 'all') spent.add(slot.name)
      return settled
    },
    toRefund(decision, cost) {
      const back = left(decision).flatMap((receipt) => {
        const most = wholeNumber('cost', partOf(cost, receipt.slot.name) ?? receipt.cost)
        const units = Math.min(receipt.cost, most)
        return units > 0 ? { ...receipt, cost: units } : []
      })
      givenOf(decision).spent = 'all'
      return back
    },
  }
}
