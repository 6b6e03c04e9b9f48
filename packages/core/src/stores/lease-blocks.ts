import type { Algorithm } from '../algorithm.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Charge, Ruling } from '../store.ts'
import type { IdentifiedSlot } from './identity.ts'
import type { Lease } from './leases.ts'

/** The kinds whose charges are over all at once, when their window ends. */
const WINDOWS: ReadonlySet<string> = new Set(['fixedWindow', 'calendarWindow'])

/** So long before a window ends its units are not spent any more, in milliseconds: clocks may differ by that much. */
const GUARD_MS = 50

/** A slot whose takes may be answered from a lease. */
export interface LeasedSlot extends IdentifiedSlot {
  /** How many units a block may have at the most. */
  readonly most: number
}

/** How many units of an algorithm a block may have; 0 where it would have none, or could not be spent. */
export function mostOf({ kind, limit, windowMs, hold, lasting }: Algorithm, size: number): number {
  const isTooShort = WINDOWS.has(kind) && windowMs <= GUARD_MS
  // Stores grant an eighth of what remains; a process that dies must not take of a balance more than it spent.
  return hold || lasting || isTooShort ? 0 : Math.min(size, Math.floor(limit / 8))
}

/** Whether a charge may be spent from a lease: a take, for now, of less than a block. */
export const isLeasable = ({ kind, cost, upTo, withinMs, slot }: Charge): boolean =>
  kind === 'take' && cost > 0 && upTo + withinMs === 0 && cost < (slot as LeasedSlot).most

/** When a block was asked for and came, on a monotonic clock, and for how long it may be held. */
export interface Times {
  readonly sentMs: number
  readonly cameMs: number
  readonly maxHold: number
}

/** A block that was asked for, and whoever waits for it. */
export interface Block {
  /** What the caller asked for. */
  readonly charge: Charge
  /** The same, with as much more as the store grants. */
  readonly granted: Charge
  call: MaybePromise<Ruling> | undefined
  /** The state of its key was forgotten meanwhile, and with it perhaps what was charged. */
  isForgotten: boolean
}

/** Answers the charge that a block was asked for. What is left of the block, if anything, is a lease. */
export function settleBlock(
  { charge, granted, isForgotten }: Block,
  ruling: Ruling,
  times: Times,
): Lease | undefined {
  const { slot, key, allowed, remaining, retryAfterMs, resetMs, limit, at } = granted
  const units = ruling.allowed ? granted.cost - charge.cost : 0
  const charged = charge.cost + units
  Object.assign(charge, { allowed, remaining: remaining + units, retryAfterMs, resetMs, limit, at, charged })
  if (units === 0 || isForgotten) return undefined
  const heldUntilMs = times.sentMs + times.maxHold
  // The store was asked after `sentMs`, so its window does not end before what is told, counted from then.
  const windowEndsMs = WINDOWS.has(slot.algorithm.kind) ? times.sentMs + resetMs - GUARD_MS : Infinity
  const endsMs = Math.min(heldUntilMs, windowEndsMs)
  const { cameMs } = times
  return {
    slot,
    key,
    at: at || ruling.at,
    units,
    remaining,
    resetMs,
    limit,
    cameMs,
    endsMs,
    heldUntilMs,
    isForgotten,
  }
}

/**
 * Answers a charge that was spent from a lease.
 * @param ruledAt the `at` of the ruling: where it is that of the lease too, the charge needs none of its own
 */
export function tellSpent(charge: Charge, lease: Lease, ruledAt: number, nowMs: number): void {
  charge.allowed = true
  charge.charged = 0
  charge.remaining = lease.remaining + lease.units
  charge.retryAfterMs = 0
  charge.resetMs = Math.max(0, lease.resetMs - Math.floor(nowMs - lease.cameMs))
  if (lease.limit !== undefined) charge.limit = lease.limit
  charge.at = lease.at === ruledAt ? 0 : lease.at
}
