import type { Algorithm, DecisionSource } from '../algorithm.ts'
import type { Charge, ChargeKind, Ruling, Slot, Store } from '../store.ts'

/** Opens a store that goes by `clock`, empty or with keys that no other call of this function sees. */
export type OpenStore = (clock: () => number) => Store | Promise<Store>

/** A fact about stores, to be run by any test runner: it throws where the store is wrong. */
export interface StoreCase {
  readonly name: string
  run(open: OpenStore): Promise<void>
}

/** What a charge says of itself; the rest has defaults. */
export interface ChargePart {
  slot: Slot
  key?: string
  cost?: number
  kind?: ChargeKind
  at?: number
  upTo?: number
  withinMs?: number
  from?: DecisionSource
}

export interface Called {
  readonly ruling: Ruling
  readonly charges: readonly Charge[]
}

/** Makes one call of the store with the charges given. */
export async function call(store: Store, ...parts: ChargePart[]): Promise<Called> {
  const charges = parts.map(
    ({
      slot,
      key = 'key',
      cost = 1,
      kind = 'take',
      at = 0,
      upTo = 0,
      withinMs = 0,
      from = 'store' as const,
    }) => ({
      slot,
      key,
      cost,
      kind,
      at,
      upTo,
      withinMs,
      from,
      allowed: false,
      remaining: 0,
      retryAfterMs: 0,
      resetMs: 0,
    }),
  )
  const ruling = await store.take(charges)
  return { ruling, charges }
}

/** A charge's answer, without what it was asked. */
export const answerOf = ({ allowed, remaining, retryAfterMs, resetMs }: Charge): object => ({
  allowed,
  remaining,
  retryAfterMs,
  resetMs,
})

/** Runs a case on a store of its own, with a clock that it sets by hand; closes the store whatever happens. */
export function storeCase(
  name: string,
  check: (store: Store, clock: { now: number }) => Promise<void>,
  startMs = 1_800_000_000_000,
): StoreCase {
  return {
    name,
    async run(open) {
      const clock = { now: startMs }
      const store = await open(() => clock.now)
      try {
        await check(store, clock)
      } finally {
        await store.close?.()
      }
    },
  }
}

/**
 * Throws where two values are not alike.
 * @throws Error with what was checked, expected and got
 */
export function same(what: string, got: unknown, expected: unknown): void {
  const [left, right] = [text(got), text(expected)]
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`)
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (part === Infinity ? 'Infinity' : part)) ?? 'undefined'

/** Opens a slot, for one algorithm of a case. */
export const open = (store: Store, algorithm: Algorithm, name = 'policy'): Slot => store.open(name, algorithm)
