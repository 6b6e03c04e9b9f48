import type { Charge, Ruling } from '../store.ts'

/** One key's state within a call of a store that runs algorithms on states that it fetched. */
export interface Kept {
  /** `undefined` for a key never seen. */
  state: object | undefined
  /** Whether the state has to be written. */
  isChanged: boolean
}

export const takes = ({ cost, kind }: Charge): boolean => cost > 0 && kind !== 'ask' && kind !== 'refund'

export const vetoes = ({ allowed, kind }: Charge): boolean =>
  !allowed && kind !== 'shadow' && kind !== 'force'

/** The state to look at: a fresh one for a key never seen. */
function stateOf(charge: Charge, kept: Kept, nowMs: number): object {
  const { slot, kind, cost, at } = charge
  const { algorithm } = slot
  if (kept.state === undefined) return algorithm.fresh(nowMs)
  if (kind === 'refund') {
    algorithm.refund(kept.state, nowMs, cost, at)
    kept.isChanged = true
  }
  // Who takes nothing changes nothing, whatever parameters it looks by.
  const state = takes(charge) ? kept.state : { ...kept.state }
  if (algorithm.adopt(state, nowMs) && takes(charge)) kept.isChanged = true
  return state
}

/** Makes the refunds, and looks at each other charge as if it alone were made. */
export function lookAll(charges: readonly Charge[], kept: Kept, nowMs: number): object[] {
  return charges.map((charge) => {
    const state = stateOf(charge, kept, nowMs)
    charge.slot.algorithm.look(state, nowMs, charge.kind === 'refund' ? 0 : charge.cost, charge)
    if (charge.retryAfterMs <= charge.withinMs) charge.allowed = true
    return state
  })
}

/** Makes the charges that were looked at, unless somebody vetoed the call, and tells how things are then. */
export function settleAll(
  charges: readonly Charge[],
  states: readonly object[],
  kept: Kept,
  nowMs: number,
  isAllowed: boolean,
): void {
  charges.forEach((charge, index) => settle(charge, states[index] as object, kept, nowMs, isAllowed))
}

function settle(charge: Charge, looked: object, kept: Kept, nowMs: number, isAllowed: boolean): void {
  const { slot, kind, cost, upTo, allowed, retryAfterMs } = charge
  const { algorithm } = slot
  const isMade = isAllowed && takes(charge) && (allowed || kind === 'force')
  if (!allowed && !isMade) return
  if (!isMade) return tell(charge, looked, nowMs)
  const state = (kept.state ??= looked)
  if (upTo > 0) {
    algorithm.look(state, nowMs, 0, charge)
    // At most an eighth of what remains, so that others find some.
    charge.cost = Math.max(cost, Math.min(upTo, Math.floor(charge.remaining / 8)))
  }
  algorithm.charge(state, nowMs, charge.cost)
  kept.isChanged = true
  // A take is looked at as if it were made.
  if (kind === 'take' && upTo + retryAfterMs === 0) return
  charge.allowed = allowed
  charge.retryAfterMs = retryAfterMs
  tell(charge, state, nowMs)
}

/** Tells how things are, but leaves what was said of the cost. */
export function tell(charge: Charge, state: object, nowMs: number): void {
  const { allowed, retryAfterMs } = charge
  charge.slot.algorithm.look(state, nowMs, 0, charge)
  charge.allowed = allowed
  charge.retryAfterMs = retryAfterMs
}

/** Decides a call of which all charges are of one key. */
export function judge(charges: readonly Charge[], kept: Kept, nowMs: number): Ruling {
  const states = lookAll(charges, kept, nowMs)
  const allowed = !charges.some(vetoes)
  settleAll(charges, states, kept, nowMs, allowed)
  return { allowed, at: nowMs, source: 'store' }
}
