import type { Charge, Ruling, Slot } from '../store.ts'
import { boundedMap } from './bounded-map.ts'
import { rulesIn, stateIdOf } from './identity.ts'

/** So many plans of a key are told apart; a client that alternates between more of them asks the store again. */
const MOST_PLANS = 4

/** What a store said when it refused a cost. */
interface Refusal {
  /** The parameters that it was judged by. */
  readonly rules: string
  readonly cost: number
  readonly remaining: number
  readonly resetMs: number
  readonly retryAfterMs: number
  readonly limit: number | undefined
  /** The store's time. */
  readonly at: number
  /** When it was asked for: it holds until `retryAfterMs` after that. */
  readonly sentMs: number
  /** When it came: from then on its waits run, as they do for a client that was told. */
  readonly cameMs: number
}

/** A call of the store that is about to be made. */
interface Sent {
  readonly turn: number
  readonly sentMs: number
}

/** The refusals that a process remembers. */
export interface Refusals {
  /** What is known to refuse a call; fills in the answers of the charges that it tells. */
  answer(charges: readonly Charge[]): Ruling | undefined
  send(): Sent
  /** Remembers what refused a call that was answered. */
  remember(charges: readonly Charge[], at: number, sent: Sent): void
  /** Forgets a key under all parameters, and what calls under way say of it. */
  forget(slot: Slot, key: string): void
  forgetAll(): void
}

/**
 * Makes a memory for refusals.
 * @param maxStale milliseconds
 * @param now a monotonic clock
 */
export function createRefusals(maxStale: number, maxKeys: number, now: () => number): Refusals {
  const refusals = boundedMap<readonly Refusal[]>(maxKeys)
  // Calls and changes take turns, so that a refusal which was asked for before a change is known by its number.
  const changed = boundedMap<number>(maxKeys)
  let turn = 0
  let allChanged = 0

  const isLive = ({ sentMs }: Refusal, nowMs: number): boolean => nowMs - sentMs < maxStale

  function refusing(charge: Charge, nowMs: number): Refusal | undefined {
    const rules = rulesIn(charge)
    return refusals
      .get(stateIdOf(charge))
      ?.find(
        (one) =>
          one.rules === rules &&
          charge.cost >= one.cost &&
          isLive(one, nowMs) &&
          one.sentMs + one.retryAfterMs - nowMs > charge.withinMs,
      )
  }

  function keep(charge: Charge, refusal: Refusal): void {
    const id = stateIdOf(charge)
    const live = (refusals.get(id) ?? []).filter((one) => isLive(one, refusal.cameMs))
    const same = live.find(({ rules }) => rules === refusal.rules)
    // What refuses the smaller cost answers for the larger one too.
    const better = same && same.cost < refusal.cost ? same : refusal
    refusals.set(id, [better, ...live.filter((one) => one !== same)].slice(0, MOST_PLANS))
  }

  return {
    answer(charges) {
      if (refusals.size === 0) return undefined
      if (!charges.every(({ kind }) => kind === 'take' || kind === 'shadow')) return undefined
      const nowMs = now()
      const told: Charge[] = []
      let at = 0
      for (const charge of charges) {
        const refusal = charge.kind === 'take' ? refusing(charge, nowMs) : undefined
        if (refusal === undefined) continue
        const passedMs = Math.floor(nowMs - refusal.cameMs)
        charge.allowed = false
        charge.remaining = refusal.remaining
        if (refusal.limit !== undefined) charge.limit = refusal.limit
        const { limit, maxLimit = limit } = charge.slot.algorithm
        charge.retryAfterMs = charge.cost > maxLimit ? Infinity : refusal.retryAfterMs - passedMs
        charge.resetMs = Math.max(0, refusal.resetMs - passedMs)
        at = Math.max(at, refusal.at + passedMs)
        told.push(charge)
      }
      return told.length > 0 ? { allowed: false, at, source: 'deny-cache', told } : undefined
    },
    send: () => ({ turn: ++turn, sentMs: now() }),
    remember(charges, at, sent) {
      const cameMs = now()
      for (const charge of charges) {
        const { kind, allowed, slot, cost, remaining, resetMs, retryAfterMs, limit } = charge
        // A slot that is held comes free whenever its holder likes.
        if (kind !== 'take' || allowed || slot.algorithm.hold) continue
        if (sent.turn < Math.max(allChanged, changed.get(stateIdOf(charge)) ?? 0)) continue
        const rules = rulesIn(charge)
        // Parts of a store may go by clocks of their own.
        const saidAt = charge.at || at
        const { sentMs } = sent
        keep(charge, { rules, cost, remaining, resetMs, retryAfterMs, limit, at: saidAt, sentMs, cameMs })
      }
    },
    forget(slot, key) {
      const id = stateIdOf({ slot, key })
      refusals.delete(id)
      changed.set(id, ++turn)
    },
    forgetAll() {
      refusals.clear()
      allChanged = ++turn
    },
  }
}
