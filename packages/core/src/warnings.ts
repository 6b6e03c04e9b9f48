import { fixedWindow } from './algorithms/fixed-window.ts'
import type { BoundPolicy } from './bound-policies.ts'
import { chargeOf, type PolicyCall } from './charges.ts'
import { LONGEST_MS } from './check.ts'
import { after, all, type MaybePromise, settled } from './maybe-promise.ts'
import type { Ruling, Slot, Store } from './store.ts'
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

/** How often a key may come to a threshold in a window: so often that a store short of room forgets markers first. */
const OFTEN = 1_000_000

/** A balance has no window. */
const HOUR_MS = 3_600_000

/** Where it is kept who has told of a policy. No policy has a tab in its name. */
function markersOf(store: Store, { name, algorithm: { windowMs } }: Slot): Slot {
  const window = windowMs === Infinity ? HOUR_MS : Math.min(windowMs, LONGEST_MS)
  return store.open(`${name}\twarned`, fixedWindow({ limit: OFTEN, window }))
}

/** What tells a threshold of a key from others: by the limit, since it moves with it, and by when usage starts anew. */
const markerKey = (key: string, threshold: number, limit: number | '', edge: number | ''): string =>
  `${threshold}\t${limit}\t${edge}\t${key}`

/** Forgets who has told of these policies, for all of their keys. */
export function forgetWarnings(store: Store, policies: readonly BoundPolicy[]): MaybePromise<unknown> {
  const slots = policies.flatMap(({ info, kinds }) =>
    info.warnAt.length > 0 ? [...kinds.values()].slice(0, 1) : [],
  )
  return all(slots.map((slot) => store.forget(markersOf(store, slot), undefined)))
}

/** Forgets who has told of a balance, to which units were added. It fails nothing. */
export function forgetWarned(
  store: Store,
  slot: Slot,
  key: string,
  thresholds: readonly number[],
): MaybePromise<unknown> {
  const forget = (threshold: number): MaybePromise<void> =>
    store.forget(markersOf(store, slot), markerKey(key, threshold, '', ''))
  return all(
    thresholds.map((threshold) =>
      settled(
        () => forget(threshold),
        () => undefined,
        () => undefined,
      ),
    ),
  )
}

/**
 * Makes what looks for charges that took what is used across a threshold. Every charge sees where it came from and where
 * it got, so of all processes one sees each crossing, and nothing has to be remembered for it.
 *
 * Usage may hover about a threshold, by refunds and as buckets drain. So whoever sees a crossing takes a unit of a fixed
 * window in the same store, and tells if it was the first one: a second call of the store, at crossings only. For a
 * balance the window is an hour, or ends with the next grant.
 */
export function createWarnings(
  store: Store,
  thresholdsOf: (policy: string) => readonly number[],
  warned: (event: Warned) => void,
): (calls: readonly PolicyCall[], ruling: Ruling) => void {
  /** Whether this is the first to take a unit of a window in which a key comes to a threshold of one limit. */
  function isFirst(
    { slot, key, limit, resetMs, at: ownAt }: PolicyCall,
    threshold: number,
    { at, source }: Ruling,
  ): MaybePromise<boolean> {
    const { kind, windowMs } = slot.algorithm
    const edge = EDGED.has(kind) ? (ownAt || at) + resetMs : ''
    const mark = chargeOf('force', {
      slot: markersOf(store, slot),
      key: markerKey(key, threshold, windowMs === Infinity ? '' : limit, edge),
      cost: 1,
      // Where the call was decided, and nowhere else.
      from: source,
    })
    return after(store.take([mark]), () => mark.remaining === OFTEN - 1)
  }

  /** Tells of thresholds one after the other, the lowest first, unless somebody has told of them. */
  function warn(call: PolicyCall, [threshold, ...higher]: number[], used: number, ruling: Ruling): void {
    if (threshold === undefined) return
    const { slot, key, limit, resetMs } = call
    const remaining = limit - used
    function tell(): void {
      warned({ policy: slot.name, key, threshold: threshold as number, limit, used, remaining, resetMs })
    }
    const goOn = (): void => warn(call, higher, used, ruling)
    void settled(
      () => isFirst(call, threshold, ruling),
      (first) => {
        if (first) tell()
        goOn()
      },
      () => {
        // Better twice than never.
        tell()
        goOn()
      },
    )
  }

  return (calls, ruling) => {
    for (const call of calls) {
      const { slot, kind, cost, charged = cost, allowed, limit, remaining } = call
      const isMade = kind === 'force' || (allowed && (kind === 'take' || kind === 'shadow'))
      if (!isMade || limit === Infinity) continue
      // What was leased beside the cost is charged, but not told as used.
      const used = limit - remaining + Math.max(0, charged - cost)
      const isCrossed = (threshold: number): boolean =>
        reaches(used, threshold, limit) && !reaches(used - charged, threshold, limit)
      warn(call, thresholdsOf(slot.name).filter(isCrossed), used, ruling)
    }
  }
}
