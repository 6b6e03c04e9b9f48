import type { Charge, Slot } from '../store.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'
import { type IdentifiedSlot, rulesIn, stateIdOf } from './identity.ts'

/** Units of one key that were charged together, and are spent one by one. */
export interface Lease {
  readonly slot: Slot
  readonly key: string
  /** When they were charged, by the store's time. */
  readonly at: number
  /** What is not spent. */
  units: number
  /** What remained in the store besides. */
  readonly remaining: number
  /** The `resetMs` of when it came. */
  readonly resetMs: number
  /** The quota of then, where it moves. */
  readonly limit: number | undefined
  readonly cameMs: number
  /** Until when it may be spent: `heldUntilMs`, or before its window ends. */
  readonly endsMs: number
  /** When what is left goes back. */
  readonly heldUntilMs: number
  /** Its state was forgotten, and with it what was charged. */
  isForgotten: boolean
}

/** The leases of a process: at most one for each key. */
export interface Leases {
  readonly size: number
  add(lease: Lease): void
  /** Takes the cost out of the charge's lease; `undefined` if there is none or it has too little. */
  spend(charge: Charge): Lease | undefined
  /** Puts back what was not spent after all. */
  putBack(lease: Lease, cost: number): void
  /** Ends the lease of a key. What is left of it is the caller's. */
  end(id: string): Lease | undefined
  /** Ends all. What is left goes back. */
  endAll(): void
  /** Drops the leases of a key, or of all keys of a slot, with what is left of them. */
  forget(slot: Slot, key: string | undefined): void
}

/**
 * Makes a place for leases.
 *
 * They end in the order in which they came, so one timer will do: it waits for the first one, and keeps no process alive.
 * @param giveBack is handed each lease that ended with something left
 */
export function createLeases(giveBack: (lease: Lease) => void, now: () => number): Leases {
  const held = new Map<string, Lease>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function end(id: string): Lease | undefined {
    const lease = held.get(id)
    held.delete(id)
    if (held.size === 0) {
      clearTimeout(timer)
      timer = undefined
    }
    return lease
  }

  function endWhere(isOver: (lease: Lease) => boolean): void {
    for (const [id, lease] of held) {
      if (!isOver(lease)) break
      end(id)
      if (lease.units > 0) giveBack(lease)
    }
  }

  function sweep(): void {
    timer = undefined
    const nowMs = now()
    endWhere(({ heldUntilMs }) => heldUntilMs <= nowMs)
    for (const first of held.values()) return wake(first.heldUntilMs - nowMs)
  }

  function wake(inMs: number): void {
    // Rounded up: a timer that fires early would only be set again.
    timer = setTimeout(sweep, Math.min(Math.ceil(inMs), LONGEST_TIMER_MS))
    ;(timer as { unref?: () => void }).unref?.()
  }

  return {
    get size() {
      return held.size
    },
    add(lease) {
      held.set(stateIdOf(lease), lease)
      if (timer === undefined) wake(lease.heldUntilMs - now())
    },
    spend(charge) {
      const lease = held.get(stateIdOf(charge))
      const isGood = lease && rulesIn(lease) === rulesIn(charge) && now() < lease.endsMs
      if (!isGood || lease.units < charge.cost) return undefined
      lease.units -= charge.cost
      return lease
    },
    putBack(lease, cost) {
      if (held.get(stateIdOf(lease)) === lease) lease.units += cost
      else if (!lease.isForgotten) giveBack({ ...lease, units: cost })
    },
    end,
    endAll: () => endWhere(() => true),
    forget(slot, key) {
      const { stateOf } = slot as IdentifiedSlot
      const ids = key === undefined ? [...held.keys()] : [stateIdOf({ slot, key })]
      for (const id of ids) {
        const lease = id.startsWith(stateOf) ? end(id) : undefined
        if (lease) lease.isForgotten = true
      }
    },
  }
}
