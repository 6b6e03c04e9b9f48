import { knownOptions, refuse, wholeNumber } from './check.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Grant, GrantOptions, Slot, Store } from './store.ts'

/** An id of more is no id; it would be kept for ever. */
const LONGEST_ID = 256

/**
 * Refuses what a balance cannot hold.
 * @throws RangeError
 */
export const tooMany = (units: number): never =>
  refuse('units', `few enough for a balance of at most ${Number.MAX_SAFE_INTEGER}`, units, 'number')

/**
 * Has a store add units to the balance of a key, once for each id.
 * @throws TypeError, RangeError for units and ids that are none, and for a store that cannot
 */
export function grant(
  store: Store,
  slot: Slot,
  key: string,
  units: number,
  options: GrantOptions,
): MaybePromise<Grant> {
  wholeNumber('units', units, 1)
  knownOptions('grant', options, ['id'])
  const { id } = options
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID)
    refuse('id', `text of 1 to ${LONGEST_ID} characters, so that a retry grants nothing twice`, id, 'string')
  if (!store.grant) throw new TypeError('grant() needs a store that keeps balances, such as redisStore()')
  return store.grant(slot, key, units, id)
}
