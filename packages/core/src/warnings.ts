import { fixedWindow } from './algorithms/fixed-window.ts'
import { chargeOf, type PolicyCall } from './charges.ts'
import { LONGEST_MS } from './check.ts'
import { after, settled } from './maybe-promise.ts'
import type { Slot, Store } from './store.ts'
import { reaches } from './thresholds.ts'

/** What is used of a key came to a threshold. */
export interface Warned {
  readonly policy: string
  readonly key: string
  /** The part of the limit that was come to: above 0 and at most 1. */
  readonly threshold: number
  readonly limit: number
  /** Units; those that a process has leased count as used. */
  readonly used: number
  readonly remaining: number
  /** Milliseconds until the whole quota is back if nothing more is taken. */
  readonly resetMs: number
}

/** The kinds whose usage starts anew at an edge, which `resetMs` tells. */
const EDGED: ReadonlySet<string> = new Set(['fixedWindow', 'calendarWindow', 'slidingWindow'])

/** Where it is kept who has told of a policy. No policy has a tab in its name. */
const markersOf = (store: Store, { name, algorithm }: Slot): Slot =>
  store.open(`${name}\twarned`, fixedWindow({ limit: 1, window: Math.min(algorithm.windowMs, LONGEST_MS) }))

/** Forgets who has told of a policy, for all of its keys. */
export const forgetWarnings = (store: Store, slot: Slot): unknown =>
  store.forget(markersOf(store, slot), undefined)

/**
 * Makes what looks for charges that took what is used across a threshold. Every charge sees where it came from and where
 * it got, so of all processes one sees each crossing, and nothing has to be remembered for it.
 *
 * Usage may hover about a threshold, by refunds and as buckets drain. So whoever sees a crossing takes the one unit of a
 * fixed window in the same store before it tells: a second call of the store, at crossings only.
 */
export function createWarnings(
  store: Store,
  thresholdsOf: (policy: string) => readonly number[],
  warned: (event: Warned) => void,
): (calls: readonly PolicyCall[], at: number) => void {
  /** Whether this is the first to take the only unit of a window in which a key comes to a threshold of one limit. */
  function take({ slot, key, limit, resetMs, at: ownAt }: PolicyCall, threshold: number, at: number) {
    const edge = EDGED.has(slot.algorithm.kind) ? (ownAt || at) + resetMs : ''
    const mark = {
      slot: markersOf(store, slot),
      key: `${threshold}\t${limit}\t${edge}\t${key}`,
      cost: 1,
    }
    return after(store.take([chargeOf('take', mark)]), ({ allowed }) => allowed)
  }

  /** Tells of thresholds one after the other, the lowest first, unless somebody has told of them. */
  function warn(call: PolicyCall, [threshold, ...higher]: number[], used: number, at: number): void {
    if (threshold === undefined) return
    const { slot, key, limit, resetMs } = call
    const remaining = limit - used
    const tell = (): void => warned({ policy: slot.name, key, threshold, limit, used, remaining, resetMs })
    const goOn = (): void => warn(call, higher, used, at)
    void settled(
      // A balance has no window: it comes to a threshold each time that it does.
      () => slot.algorithm.windowMs === Infinity || take(call, threshold, at),
      (isFirst) => {
        if (isFirst) tell()
        goOn()
      },
      () => {
        // Better twice than never.
        tell()
        goOn()
      },
    )
  }

  return (calls, at) => {
    for (const call of calls) {
      const { slot, kind, cost, charged = cost, allowed, limit, remaining } = call
      const isMade = kind === 'force' || (allowed && (kind === 'take' || kind === 'shadow'))
      if (!isMade || limit === Infinity) continue
      // What was leased beside the cost is charged, but not told as used.
      const used = limit - remaining + Math.max(0, charged - cost)
      const isCrossed = (threshold: number): boolean =>
        reaches(used, threshold, limit) && !reaches(used - charged, threshold, limit)
      warn(call, thresholdsOf(slot.name).filter(isCrossed), used, at)
    }
  }
}
