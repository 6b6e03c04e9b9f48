import { type Duration, durationMs, functionOf, knownOptions, wholeNumber } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Charge, Grant, In, Mode, Ruling, Slot, Store } from '../store.ts'
import { identified } from './identity.ts'
import { createRefusals } from './refusals.ts'
import { given, wrapping } from './wrapping.ts'

export interface DenyCacheOptions {
  /** For how long a refusal is remembered at the most, from 1 ms to 10 years. Default `'1s'`. */
  maxStale?: Duration
  /** Refused keys to remember at the most; the one refused longest ago goes first. From 1; default 10,000. */
  maxKeys?: number
  /** Milliseconds that only go forward, for tests. Default: `performance.now()`. */
  now?: () => number
}

/** What may let through earlier what was refused, or later. */
const changesMore = ({ kind }: Charge): boolean => kind === 'refund' || kind === 'force'

/**
 * Remembers refusals, so that a client that is refused and keeps on trying costs the store one call per `maxStale`.
 *
 * A refused `take` answers later ones of the same policy, parameters and key that cost at least as much, until its
 * `retryAfterMs` (counted from before the store was asked, on a monotonic clock) but at most for `maxStale`. A call that
 * one of its charges is known to refuse is refused as a whole, and its decision, of source `'deny-cache'`, tells of
 * what is known to refuse and of nothing else. To a larger cost the wait is a lower bound.
 *
 * Refunds, grants, forced charges and resets through this store have the key asked for again, and other parameters are
 * not answered for. What another process does is not seen: after its refund, grant or reset, and after a step of the
 * store's clock, a refusal may be stale, for `maxStale` at the most. Policies whose charges are held, such as `concurrency`, are
 * always asked for. No timers.
 *
 * @throws TypeError, RangeError for options that are unknown or out of range
 */
export function denyCache<M extends Mode>(store: Store<M>, options: DenyCacheOptions = {}): Store<M> {
  knownOptions('denyCache', options, ['maxStale', 'maxKeys', 'now'])
  const { maxStale = '1s', maxKeys = 10_000, now = () => performance.now() } = options
  const refusals = createRefusals(
    durationMs('maxStale', maxStale),
    wholeNumber('maxKeys', maxKeys, 1),
    functionOf('now', now),
  )

  /** Does what may change what is remembered: before it is done it holds no longer, and afterwards not again. */
  function changing<T>(forget: () => void, run: () => MaybePromise<T>): MaybePromise<T> {
    forget()
    return after(run(), (result) => {
      forget()
      return result
    })
  }

  function take(charges: readonly Charge[]): MaybePromise<Ruling> {
    const known = refusals.answer(charges)
    if (known) return given(store, known)
    const changes = charges.filter(changesMore)
    if (changes.length > 0)
      return changing(
        () => changes.forEach(({ slot, key }) => refusals.forget(slot, key)),
        () => store.take(charges),
      )
    const sent = refusals.send()
    return after(store.take(charges), (ruling: Ruling) => {
      const { allowed, source, told, at } = ruling
      if (!allowed && source === 'store' && told === undefined) refusals.remember(charges, at, sent)
      return ruling
    })
  }

  const forget = (slot: Slot, key: string | undefined): MaybePromise<void> =>
    changing(
      () => (key === undefined ? refusals.forgetAll() : refusals.forget(slot, key)),
      () => store.forget(slot, key),
    )

  const grant = (slot: Slot, key: string, units: number, id: string): MaybePromise<Grant> | undefined =>
    changing(
      () => refusals.forget(slot, key),
      () => store.grant?.(slot, key, units, id) as MaybePromise<Grant>,
    )

  return wrapping(store, {
    ...(store.grant && { grant: grant as NonNullable<Store<M>['grant']> }),
    open: (name, algorithm) => identified(store.open(name, algorithm)),
    take: take as (charges: readonly Charge[]) => In<M, Ruling>,
    forget: forget as Store<M>['forget'],
  })
}
