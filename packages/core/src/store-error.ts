/** Why a store could not be asked. */
export type StoreErrorCode =
  /** No answer in time; what was asked may have been done all the same. */
  | 'timeout'
  /** Its client says that it is not connected; nothing was sent. */
  | 'not-ready'
  /** Its client or its server failed: see `cause`. */
  | 'failed'
  /** So many others changed the same key that no try got through in time. */
  | 'contended'

/**
 * A store could not be asked: the one thing that failure policies answer for. Whatever else a store rejects with is a
 * mistake in a program, which no policy hides.
 */
export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}

const BUGS: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

/** Whether an error is of a kind that programs make, not networks. */
export const isBug = (error: unknown): boolean => error instanceof Error && BUGS.has(error.name)

/** By name, since an app may have loaded this package twice, as a module and as CommonJS. */
export const isStoreError = (error: unknown): error is StoreError =>
  error instanceof Error && error.name === 'StoreError'
