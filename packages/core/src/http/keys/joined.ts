import { after, type MaybePromise } from '../../maybe-promise.ts'
import { allOf } from '../all-of.ts'
import type { KeyOption, RequestKey, RequestView } from '../framework.ts'
import { addressesOf, keyOption, readKey } from '../key-option.ts'

/** Keys whose functions may leave out arguments: what they do take does not say what there is (hence `& {}`). */
type KeysOf<Args extends readonly unknown[]> = KeyOption<Args & {}>[]

/**
 * Joins keys: one limit for each combination. A missing part is a part of its own, so that nobody gets round the limit
 * by leaving it out; where all are missing: `undefined`.
 */
export function combine<Args extends readonly unknown[]>(...keys: KeysOf<Args>): RequestKey<Args> {
  checkKeys('combine', keys)
  return {
    keyOf: (view, ...args) =>
      after(
        allOf(keys, (key) => readKey(key, view, args)),
        (parts) =>
          parts.every((part) => part === undefined)
            ? undefined
            : // Lengths keep apart what would read the same when joined.
              parts.map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('+'),
      ),
    addresses: addressesOf(keys),
  }
}

/** The first key that there is. */
export function firstOf<Args extends readonly unknown[]>(...keys: KeysOf<Args>): RequestKey<Args> {
  checkKeys('firstOf', keys)
  const from = (index: number, view: RequestView<Args>, args: Args): MaybePromise<string | undefined> => {
    const key = keys[index]
    if (key === undefined) return undefined
    return after(readKey(key, view, args), (found) => found ?? from(index + 1, view, args))
  }
  return { keyOf: (view, ...args) => from(0, view, args), addresses: addressesOf(keys) }
}

/** Without a key nothing would ever be limited. */
function checkKeys(owner: string, keys: readonly unknown[]): void {
  if (keys.length === 0) throw new TypeError(`${owner} needs at least one key`)
  keys.forEach((key, index) => keyOption(`${owner}[${index}]`, key))
}
