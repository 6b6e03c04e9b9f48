import { StoreError } from '../../store-error.ts'

/** What servers answer when they could be asked, but cannot do it now. */
const OUTAGES =
  /^(?:OOM|READONLY|LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|MISCONF|MOVED|ASK|ERR max number of clients)\b/

/** How every answer of a server that is an error begins: `WRONGTYPE Operation against …`. */
const REPLY = /^[A-Z]+ /

/** Mistakes in a program, which no failure policy may hide. */
const MISTAKES = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

/**
 * What a failed call of a client rejects with: a `StoreError` where the server could not be asked, else the error itself:
 * a script that is wrong, no permission, a key that is something else.
 */
export function failureOf(error: unknown): unknown {
  const { message, name } = error instanceof Error ? error : { message: String(error), name: '' }
  const isAnswer = REPLY.test(message) && !OUTAGES.test(message)
  if (isAnswer || MISTAKES.has(name)) return error
  return new StoreError('failed', `Redis failed: ${message.slice(0, 200)}`, { cause: error })
}
