import { chargeOf, type Receipt, refundOf } from './charges.ts'
import { after, type MaybePromise } from './maybe-promise.ts'
import type { Charge, Store } from './store.ts'
import { LONGEST_TIMER_MS } from './timers.ts'

/**
 * Holds the slots of `receipts`: renews them at a third of their time to live, until released.
 *
 * A renewal frees the old slot and takes a new one at one instant. One that fails is tried again a third later; if
 * the store stays away, the slots expire. One whose answer was lost may have been done: then the slots are held twice
 * until their `ttl` is over, and no release frees them sooner.
 * @returns what frees the slots; calling it again does nothing
 */
export function hold(store: Store, receipts: readonly Receipt[]): () => MaybePromise<void> {
  const periodMs = Math.min(
    LONGEST_TIMER_MS,
    ...receipts.map(({ slot }) => Math.ceil(slot.algorithm.windowMs / 3)),
  )
  let taken = receipts
  let held = true
  let renewal: MaybePromise<void>
  let timer: ReturnType<typeof setTimeout> | undefined

  const refunds = (): Charge[] => taken.map(refundOf)

  function renew(): MaybePromise<void> {
    const renewed = taken.map((receipt) => chargeOf('force', receipt))
    return after(store.take([...refunds(), ...renewed]), (ruling) => {
      taken = taken.map((receipt, index) => ({ ...receipt, at: renewed[index]?.at || ruling.at }))
    })
  }

  function renewLater(): void {
    timer = setTimeout(() => {
      try {
        const moved = renew()
        renewal = moved === undefined ? undefined : Promise.resolve(moved).catch(() => undefined)
      } catch {
        // A store that answers at once fails at once, and is asked again all the same.
      }
      void after(renewal, () => {
        if (held) renewLater()
      })
    }, periodMs)
    // A held slot is no reason for a process to stay alive.
    ;(timer as { unref?: () => void }).unref?.()
  }
  renewLater()

  return () => {
    if (!held) return undefined
    held = false
    clearTimeout(timer)
    // A renewal under way decides which slot there is to free.
    return after(renewal, () => after(store.take(refunds()), () => undefined))
  }
}
