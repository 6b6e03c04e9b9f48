import { fixedWindow } from './algorithms/fixed-window.ts'
import { chargeOf, type PolicyCall } from './charges.ts'
import { LONGEST_MS, refuse } from './check.ts'
import { after, settled } from './maybe-promise.ts'
import type { Store } from './store.ts'

/** What is used of a key came to a threshold. */
export interface Warned {
  readonly policy: string
  readonly key: string
  /** The part of the limit that was come to: above 0 and at most 1. */
  readonly threshold: number
  readonly limit: number
  readonly used: number
  readonly remaining: number
  /** Milliseconds until the whole quota is back if nothing more is taken. */
  readonly resetMs: number
}

/**
 * The thresholds that `warnAt` says, the lowest first.
 * @throws TypeError, RangeError
 */
export function parseThresholds(option: string, value: unknown): readonly number[] {
  const list: readonly unknown[] = value === undefined ? [] : [value].flat()
  for (const threshold of list)
    if (!(typeof threshold === 'number' && threshold > 0 && threshold <= 1))
      refuse(option, 'above 0 and at most 1, or a list of such numbers', threshold, 'number')
  return (list as readonly number[]).toSorted((a, b) => a - b)
}

/** Of how many units on a threshold is come to. Rounded first: 0.07 of 100 are 7, and not 7.000000000000001. */
export const unitsAt = (threshold: number, limit: number): number =>
  Math.ceil(Number((threshold * limit).toPrecision(15)))

/** The kinds whose usage starts anew at an edge, which `resetMs` tells. */
const EDGED: ReadonlySet<string> = new Set(['fixedWindow', 'calendarWindow', 'slidingWindow'])

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
  /** The only unit of a window in which one key comes to a threshold. */
  function unitOf({ slot, key, resetMs, at: ownAt }: PolicyCall, threshold: number, at: number): PolicyCall {
    const { kind, windowMs } = slot.algorithm
    const edge = EDGED.has(kind) ? `\t${(ownAt || at) + resetMs}` : ''
    const once = fixedWindow({ limit: 1, window: Math.min(windowMs, LONGEST_MS) })
    // No policy has a tab in its name.
    const named = {
      slot: store.open(`${slot.name}\twarned`, once),
      key: `${key}\t${threshold}${edge}`,
      cost: 1,
    }
    return chargeOf('take', named)
  }

  return (calls, at) => {
    for (const call of calls) {
      const { slot, key, kind, cost, allowed, limit, remaining, resetMs } = call
      const isMade = kind === 'force' || (allowed && kind !== 'refund')
      for (const threshold of isMade && limit < Infinity ? thresholdsOf(slot.name) : []) {
        const used = limit - remaining
        const edge = Math.max(1, unitsAt(threshold, limit))
        if (used < edge || used - cost >= edge) continue
        const event = { policy: slot.name, key, threshold, limit, used, remaining, resetMs }
        const tell = (): void => warned(event)
        // A balance has no window: it comes to a threshold once for each grant.
        if (slot.algorithm.windowMs === Infinity) tell()
        else
          void settled(
            () =>
              after(store.take([unitOf(call, threshold, at)]), (ruling) =>
                ruling.allowed ? tell() : undefined,
              ),
            () => undefined,
            // Better twice than never.
            tell,
          )
      }
    }
  }
}
