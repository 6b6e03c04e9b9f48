import { knownOptions, refuse, wholeNumber } from './check.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Slot, Store } from './store.ts'

/** What came of a grant. */
export interface Grant {
  /** `false`: units were granted under this id before, and nothing changed now. */
  readonly granted: boolean
  /** What there was after the last grant, in units. */
  readonly limit: number
  /** Units that are left. */
  readonly remaining: number
}

export interface GrantOptions {
  /**
   * Tells this grant from every other of its key: the id of a payment, say. 1 to 256 characters. What is granted again under
   * an id, by a retry or a webhook that is delivered twice, grants nothing. Remembered until the key is reset.
   */
  id: string
}

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
