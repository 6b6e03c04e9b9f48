import { knownOptions, refuse } from '../check.ts'
import { isStoreError, StoreError } from '../store-error.ts'
import type { Charge, FailureEvents, OnStoreError, Ruling, Slot, Store } from '../store.ts'
import { createBreaker } from './breaker.ts'
import { memoryStore } from './memory.ts'

/** Keys that are counted in this process while the store is away: some 25 MB. */
const LOCAL_KEYS = 100_000

const POLICIES = "'local', 'allow', 'deny', { local: { share } } or { fallback: store }"

/** What nobody else knows, and what decides by it. */
const isLasting = ({ slot }: Charge): boolean => slot.algorithm.lasting === true

const isFollowing = ({ kind }: Charge): boolean => kind === 'refund' || kind === 'force'

/** Each wrapper's own field of the slots that it opens. */
interface GuardedSlot extends Slot {
  /** The same policy at the store that stands in. */
  readonly standIn?: Slot
}

/**
 * Answers by a failure policy where the store could not be asked (it rejects with a `StoreError`). Mistakes in a program
 * still reject, and so do grants, refunds of what the store charged and what is settled with it: nobody else can. Where a
 * balance (`prepaid`) would have a say nothing stands in for the store: such calls are answered as by `'deny'`, but for
 * `'allow'`.
 *
 * After five failures a breaker answers at once, for all keys: of several servers behind one store, one that is away is
 * enough. From the first failure on the store is asked in the background, and it is back when it says so.
 *
 * Answers of a store that stands in have the source `'fallback'`; those of `'allow'` and `'deny'` have `'failure-policy'`
 * and tell of no policy.
 *
 * @param store one that answers with promises
 * @param onStoreError default `'local'`: the same policies, counted in this process
 * @param on `storeFailing` and `storeRecovered`, once per change
 * @throws TypeError, RangeError for what is no failure policy
 */
export function failurePolicy(
  store: Store,
  onStoreError: OnStoreError = 'local',
  on: FailureEvents = {},
): Store<'async'> {
  const { standIn, answer, parts } = policyOf(onStoreError)
  if (standIn === store) refuse('onStoreError.fallback', 'another store', 'the same')
  const breaker = createBreaker(async () => (store.probe ? store.probe() : store.take([])), on)

  /** Answers without counting anything. */
  function answered(charges: readonly Charge[]): Ruling {
    // What only counts and reports never refuses.
    const allowed = answer || charges.every(({ kind }) => kind === 'shadow')
    const retryAfterMs = allowed ? 0 : breaker.retryAfterMs()
    return { allowed, at: Date.now(), source: 'failure-policy', told: [], retryAfterMs }
  }

  /** Makes the charges at the store that stands in. Where it counts a part of each limit, every unit weighs more. */
  async function standInFor(charges: readonly Charge[]): Promise<Ruling> {
    // What a balance refuses nobody can tell, and who made it up would give credits away; one in shadow is left out.
    const counted = charges.filter((charge) => !isLasting(charge))
    const isUnknown = charges.some((charge) => isLasting(charge) && charge.kind !== 'shadow')
    if (standIn === undefined || isUnknown || (counted.length === 0 && charges.length > 0))
      return answered(charges)
    const pairs = counted.map((charge) => {
      const { slot, cost } = charge
      // For a quarter of a limit of 100 each unit weighs four, so that 25 fit; of a limit of 3 one fits all the same.
      const weight = Math.max(1, Math.min(parts, slot.algorithm.limit))
      const copy: Charge = {
        ...charge,
        slot: (slot as GuardedSlot).standIn as Slot,
        cost: Math.min(cost * weight, Number.MAX_SAFE_INTEGER),
        upTo: 0,
        // It knows nothing of who asks on whose behalf.
        from: 'store',
      }
      return { charge, copy, weight }
    })
    const ruling = await standIn.take(pairs.map(({ copy }) => copy))
    for (const { charge, copy, weight } of pairs) {
      const { allowed, retryAfterMs, resetMs, limit, at } = copy
      const remaining = Math.floor(copy.remaining / weight)
      Object.assign(charge, { allowed, remaining, retryAfterMs, resetMs, limit, at })
    }
    return { ...(counted.length < charges.length && { told: counted }), ...ruling, source: 'fallback' }
  }

  /** Where it got no answer it may have been done: who grants again does so under the same id. */
  const grant: NonNullable<Store<'async'>['grant']> = async (...given) => {
    if (breaker.isOpen()) throw silent()
    const fails = breaker.begin()
    try {
      return await (store.grant as NonNullable<Store['grant']>)(...given)
    } catch (error) {
      note(error, fails)
      throw error
    }
  }

  return {
    mode: 'async',
    atomic: store.atomic ?? true,
    ...(store.wallClock && { wallClock: store.wallClock }),
    open(name, algorithm) {
      const slot = store.open(name, algorithm)
      return standIn && !algorithm.lasting ? { ...slot, standIn: standIn.open(name, algorithm) } : slot
    },
    async take(charges) {
      // What follows a decision goes where it was made, and nowhere else.
      const first = charges.find(isFollowing)
      if (first?.from === 'fallback') return standInFor(charges)
      const follows = first && charges.every(isFollowing)
      const others = first ? charges.filter((charge) => !isFollowing(charge)) : charges
      if (breaker.isOpen()) {
        if (follows) throw silent()
        return standInFor(others)
      }
      const fails = breaker.begin()
      try {
        return await store.take(charges)
      } catch (error) {
        if (!isStoreError(error)) throw error
        note(error, fails)
        if (follows) throw error
        return standInFor(others)
      }
    },
    ...(store.grant && { grant }),
    async forget(slot, key) {
      const { standIn: local } = slot as GuardedSlot
      if (local) await standIn?.forget(local, key)
      await store.forget(slot, key)
    },
    async giveBack() {
      breaker.rest()
      await store.giveBack?.()
    },
    async close() {
      breaker.rest()
      await store.close?.()
    },
  }
}

const silent = (): StoreError => new StoreError('not-ready', 'the store does not answer')

/** Many who want the same key are no outage, and mistakes in programs are none. */
function note(error: unknown, fails: (error: unknown) => void): void {
  if (isStoreError(error) && error.code !== 'contended') fails(error)
}

interface Policy {
  /** The store that answers instead; without one, everybody gets `answer`. */
  readonly standIn?: Store
  readonly answer: boolean
  /** Of how many processes each counts its part of the limits. */
  readonly parts: number
}

function policyOf(value: OnStoreError): Policy {
  const standsIn = (standIn: Store, parts = 1): Policy => ({ standIn, answer: false, parts })
  if (typeof value !== 'object' || value === null) {
    if (value === 'local') return standsIn(localStore())
    if (value === 'allow' || value === 'deny') return { answer: value === 'allow', parts: 1 }
    return refuse('onStoreError', POLICIES, value)
  }
  if ('fallback' in value) {
    knownOptions('onStoreError', value, ['fallback'])
    const { fallback } = value
    return typeof fallback?.take === 'function'
      ? standsIn(fallback)
      : refuse('onStoreError.fallback', 'a store', fallback)
  }
  knownOptions('onStoreError', value, ['local', 'fallback'])
  if (!('local' in value)) return refuse('onStoreError', POLICIES, value)
  knownOptions('onStoreError.local', value.local, ['share'])
  const { share } = value.local
  if (typeof share !== 'number' || !(share > 0 && share <= 1))
    refuse('onStoreError.local.share', 'above 0 and at most 1', share, 'number')
  // Rounded up, so that all parts together are never more than the whole; a third is no more than a third.
  return standsIn(localStore(), Math.ceil(1 / share - 1e-9))
}

const localStore = (): Store => memoryStore({ maxKeys: LOCAL_KEYS })
