import { after, type MaybePromise } from '../../maybe-promise.ts'
import type { RequestKey } from '../framework.ts'
import { hashSecret } from '../partition-key.ts'
import { headerName } from './header-name.ts'

/**
 * Keys by a request header, hashed, because it may be a secret. Without the header: `undefined`.
 * @throws TypeError, RangeError for what is no header name
 */
export function byHeader<Args extends readonly unknown[]>(name: string): RequestKey<Args> {
  const field = headerName('the name that byHeader takes', name)
  return {
    keyOf(view, ...args) {
      const value = view.header(field, ...args)
      return value ? hashedHeader(field, value) : undefined
    },
  }
}

/**
 * The key that `byHeader` gives to a value, for `reset` and jobs: at once, or a promise where only WebCrypto is.
 * @throws TypeError for what is no header name, and for a value that is no text; RangeError for text that is no name
 */
export function headerKey(name: string, value: string): MaybePromise<string> {
  const field = headerName('the name that headerKey takes', name)
  // It may be a secret, so that nothing of it is shown.
  if (typeof value !== 'string')
    throw new TypeError(`the value that headerKey takes must be text, got ${typeof value}`)
  return hashedHeader(field, value)
}

const hashedHeader = (field: string, value: string): MaybePromise<string> =>
  after(hashSecret(value), (hash) => `header:${field}:${hash}`)

/** Keys by the token of `Authorization: Bearer ...`, hashed. Without one: `undefined`. */
export function byBearer<Args extends readonly unknown[]>(): RequestKey<Args> {
  return {
    keyOf(view, ...args) {
      // As loosely as what checks tokens reads them: what is put behind one must not make it another client's.
      const token = /^bearer[ \t]+(\S+)/i.exec(view.header('authorization', ...args) ?? '')?.[1]
      return token === undefined ? undefined : after(hashSecret(token), (hash) => `bearer:${hash}`)
    },
  }
}
