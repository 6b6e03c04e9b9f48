import { warnOnce } from './warn.ts'

/** How many limiters were used in the very turn in which they were made, and never again. */
let usedOnce = 0

/** So many in one process are no accident of start-up. */
const SUSPICIOUS = 10

/**
 * Notices limiters that are made anew for each request, which never limit anything: each is used at once, and once.
 * @returns what to call at each use until it returns `false`
 */
export function watchUse(policies: string): () => boolean {
  let sameTurn = true
  let counted = false
  queueMicrotask(() => {
    sameTurn = false
  })
  return () => {
    if (counted) usedOnce--
    if (counted || !sameTurn) return false
    counted = true
    if (++usedOnce === SUSPICIOUS) {
      warnOnce(`a limiter (${policies}) is made anew for each request, so it never limits: make it once`)
    }
    return true
  }
}
