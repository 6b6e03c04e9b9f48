/** A store on a clock that tests set, and charges to put before it. */

import { memoryStore } from '../src/index.ts'
import type { Charge, Slot, Store } from '../src/store.ts'
import type { Call } from './walk.ts'

export interface Bench {
  readonly store: Store<'sync'>
  /** The time that the store is told. */
  now: number
}

export function bench(): Bench {
  const made: { now: number } = { now: 0 }
  return Object.assign(made, { store: memoryStore({ clock: () => made.now }) })
}

export type Asking = Pick<Call, 'kind' | 'cost' | 'at' | 'upTo'>

/** The answer's fields hold nonsense until the store fills them in. */
export const charge = (slot: Slot, key: string, { kind, cost, at, upTo }: Asking): Charge => ({
  slot,
  key,
  kind,
  cost,
  at,
  upTo,
  withinMs: 0,
  from: 'store',
  allowed: false,
  remaining: -1,
  retryAfterMs: -1,
  resetMs: -1,
})

/** What was charged, by the letter of the seam. */
export const charged = ({ kind, cost, allowed }: Charge, agreed: boolean): number =>
  agreed && (kind === 'take' || kind === 'force' || (kind === 'shadow' && allowed)) ? cost : 0
