import type { PolicyCall, Receipt } from './charges.ts'
import { sleep } from './turns.ts'

/** Slots that other processes free are heard of by asking so often, in milliseconds. */
const ASK_AGAIN_MS = 1000

/** Who waits in this process for slots that others hold, in the order in which they came. */
export interface SlotWaiting {
  /**
   * Sleeps until it is worth asking again for calls that were refused: after `waitMs`, and as soon as a slot that they
   * miss comes free; at `until`, by `performance.now()`, at the latest.
   * @returns what stops it
   */
  sleep(calls: readonly PolicyCall[], waitMs: number, until: number, again: () => void): () => void
  /** Tells that slots came free: for each of them one who waits is called. */
  freed(receipts: readonly Receipt[]): void
}

export function createSlotWaiting(): SlotWaiting {
  const wakers = new Map<string, Set<() => void>>()
  const idOf = ({ slot, key }: Pick<Receipt, 'slot' | 'key'>): string => `${slot.name}\n${key}`

  function leave(id: string, wake: () => void): void {
    const those = wakers.get(id)
    those?.delete(wake)
    if (those?.size === 0) wakers.delete(id)
  }

  return {
    sleep(calls, waitMs, until, again) {
      const now = performance.now()
      const ids = calls.filter(isHeldUp).map(idOf)
      const forMs = ids.length > 0 ? Math.max(waitMs, Math.min(ASK_AGAIN_MS, until - now)) : waitMs
      const stopTimer = sleep(now + forMs, again)
      for (const id of ids) wakers.set(id, (wakers.get(id) ?? new Set()).add(again))
      return () => {
        stopTimer()
        for (const id of ids) leave(id, again)
      }
    },
    freed(receipts) {
      for (const receipt of receipts)
        for (const wake of [...(wakers.get(idOf(receipt)) ?? [])].slice(0, receipt.cost)) wake()
    },
  }
}

/** Whether slots are missing, which come free whenever their holders like. */
const isHeldUp = ({ slot, kind, allowed }: PolicyCall): boolean =>
  slot.algorithm.hold !== undefined && kind === 'take' && !allowed

/** How long to wait at least: what is told of slots is when they expire. */
export function waitOf(calls: readonly PolicyCall[], retryAfterMs: number): number {
  if (!calls.some(isHeldUp)) return retryAfterMs
  const others = calls.filter((call) => call.kind === 'take' && !isHeldUp(call))
  const neverFits = calls.some((call) => isHeldUp(call) && call.retryAfterMs === Infinity)
  return neverFits ? Infinity : Math.max(0, ...others.map((call) => call.retryAfterMs))
}
