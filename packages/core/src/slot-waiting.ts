import type { Charge } from './store.ts'

/** Who waits in this process for slots that others hold, in the order in which they came. */
export interface SlotWaiting {
  /**
   * Has somebody called once slots of any of these charges come free.
   * @returns what ends it
   */
  add(charges: readonly SlotOf[], wake: () => void): () => void
  /** Tells that slots came free: for each of them one who waits is called. */
  freed(charges: readonly SlotOf[]): void
}

/** What slots are of: a policy's name, and a key. */
type SlotOf = Pick<Charge, 'slot' | 'key' | 'cost'>

export function createSlotWaiting(): SlotWaiting {
  const wakers = new Map<string, Set<() => void>>()
  const idOf = ({ slot, key }: SlotOf): string => `${slot.name}\n${key}`

  return {
    add(charges, wake) {
      const ids = charges.map(idOf)
      for (const id of ids) wakers.set(id, (wakers.get(id) ?? new Set()).add(wake))
      return () => {
        for (const id of ids) {
          const those = wakers.get(id)
          those?.delete(wake)
          if (those?.size === 0) wakers.delete(id)
        }
      }
    },
    freed(charges) {
      for (const charge of charges)
        for (const wake of [...(wakers.get(idOf(charge)) ?? [])].slice(0, charge.cost)) wake()
    },
  }
}
