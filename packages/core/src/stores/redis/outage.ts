import { isBug, StoreError } from '../../store-error.ts'

/** Codes of answers that say: not now. */
const NOT_NOW = 'OOM|READONLY|LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|MISCONF'

/** Answers that say so; before version 7 servers tell what failed inside a script behind a code of its own. */
const OUTAGE = new RegExp(
  `^(?:${NOT_NOW})\\b|^ERR max number of clients|^ERR Error running script.*-(?:${NOT_NOW})\\b`,
)

/** What a client of a Cluster passes on when it gave up following. */
const MOVING = /^(?:MOVED|ASK)\b/

/** Codes of answers to what should not have been asked. */
const MISTAKE =
  /^(?:ERR|WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|NOSCRIPT|CROSSSLOT|EXECABORT|DENIED|NOPROTO|UNKILLABLE|MOVED|ASK)\b/

/** `fetch` rejects with a TypeError where the network fails. */
const NETWORK = /fetch|network/i

/**
 * What a failed call of a client rejects with: a `StoreError` where the server could not be asked, else the error itself:
 * a script that is wrong, no permission, a key that is something else.
 */
export function failureOf(error: unknown, isCluster: boolean): unknown {
  const message = error instanceof Error ? error.message : String(error)
  const isOutage = OUTAGE.test(message) || (isCluster && MOVING.test(message))
  const isMistake = isBug(error) && !NETWORK.test(message)
  if (isMistake || (!isOutage && MISTAKE.test(message))) return error
  return new StoreError('failed', `Redis failed: ${message.slice(0, 200)}`, { cause: error })
}
