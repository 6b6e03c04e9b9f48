import { after, type MaybePromise } from './maybe-promise.ts'
import type { Receipt } from './receipts.ts'
import type { Charge, Store } from './store.ts'

/** A longer delay fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A charge that undoes what was charged at `at`, or one that is made whether it fits or not. */
export function chargeOf(kind: 'refund' | 'force', { slot, key, cost }: Receipt, at: number): Charge {
  return { slot, key, cost, kind, at, upTo: 0, allowed: false, remaining: 0, retryAfterMs: 0, resetMs: 0 }
}

/**
 * Holds the slots of `receipts`, charged at `at`: renews them at a third of their time to live, until released.
 *
 * A renewal frees the old slot and takes a new one at one instant. One that fails is tried again a third later; if
 * the store stays away, the slots expire.
 * @returns what frees the slots; calling it again does nothing
 */
export function hold(store: Store, receipts: readonly Receipt[], at: number): () => MaybePromise<void> {
  if (receipts.length === 0) return () => undefined
  const periodMs = Math.min(...receipts.map(({ slot }) => Math.ceil(slot.algorithm.windowMs / 3)))
  let takenAt = at
  let held = true
  let renewal: MaybePromise<void>
  let timer: ReturnType<typeof setTimeout> | undefined

  function renew(): MaybePromise<void> {
    const moves = receipts.flatMap((receipt) => [
      chargeOf('refund', receipt, takenAt),
      chargeOf('force', receipt, 0),
    ])
    return after(store.take(moves), (ruling) => {
      takenAt = ruling.at
    })
  }

  function renewAfter(leftMs: number): void {
    const delayMs = Math.min(leftMs, LONGEST_TIMER_MS)
    timer = setTimeout(() => {
      if (leftMs > delayMs) return renewAfter(leftMs - delayMs)
      const moved = renew()
      renewal = moved === undefined ? undefined : Promise.resolve(moved).catch(() => undefined)
      void after(renewal, () => {
        if (held) renewAfter(periodMs)
      })
    }, delayMs)
    // A held slot is no reason for a process to stay alive.
    ;(timer as { unref?: () => void }).unref?.()
  }
  renewAfter(periodMs)

  return () => {
    if (!held) return undefined
    held = false
    clearTimeout(timer)
    // A renewal under way decides which slot there is to free.
    return after(renewal, () => {
      const refunds = receipts.map((receipt) => chargeOf('refund', receipt, takenAt))
      return after(store.take(refunds), () => undefined)
    })
  }
}
