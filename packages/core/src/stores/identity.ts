import type { Algorithm } from '../algorithm.ts'
import type { Charge, Slot } from '../store.ts'

/** A slot that knows what tells its state, and its parameters, apart from others. */
export interface IdentifiedSlot extends Slot {
  /** How the identity of the state of each of its keys begins. */
  readonly stateOf: string
  /** What state is judged by: alike for algorithms of equal parameters, whichever objects they are. */
  readonly rules: string
}

const known = new WeakMap<Algorithm, string>()

/** The parameters of an algorithm as text. */
function rulesOf(algorithm: Algorithm): string {
  let rules = known.get(algorithm)
  if (rules === undefined) {
    // By the present periods: calendars that agreed in 1970 need not agree now.
    rules = [algorithm.limit, algorithm.windowMs, ...algorithm.args(Date.now())].join()
    known.set(algorithm, rules)
  }
  return rules
}

/** Adds its identity to a slot. Lengths come first, so that no name can pass for another name and kind. */
export function identified<S extends Slot>(slot: S): S & IdentifiedSlot {
  // Another wrapper did it.
  if ('rules' in slot) return slot as S & IdentifiedSlot
  const { name, algorithm } = slot
  const { kind } = algorithm
  return { ...slot, stateOf: `${name.length},${kind.length},${name}${kind}`, rules: rulesOf(algorithm) }
}

/** What tells the state that a charge is about from every other: name, kind and key. */
export const stateIdOf = ({ slot, key }: Pick<Charge, 'slot' | 'key'>): string =>
  (slot as IdentifiedSlot).stateOf + key

export const rulesIn = ({ slot }: Pick<Charge, 'slot'>): string => (slot as IdentifiedSlot).rules
