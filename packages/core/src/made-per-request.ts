import { warnOnce } from './warn.ts'

/** Limiters, by what they limit, that were used in the very turn in which they were made, and never again. */
const usedOnce = new Map<string, number>()

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
    if (counted) {
      usedOnce.set(policies, (usedOnce.get(policies) ?? 1) - 1)
      return false
    }
    if (!sameTurn) return false
    counted = true
    const count = (usedOnce.get(policies) ?? 0) + 1
    usedOnce.set(policies, count)
    if (count === SUSPICIOUS) {
      warnOnce(
        `a limiter (${policies}) is made anew for each request, so it never limits: make it once, outside of the handler`,
      )
    }
    return true
  }
}
