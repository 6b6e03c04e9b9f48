import { warnOnce } from './warn.ts'

/** How many limiters were used in the very turn in which they were made, and never again. */
let usedOnce = 0

/** So many in one process are no accident of start-up. */
const SUSPICIOUS = 10

/**
 * Notices limiters that are made anew for each request, which never limit anything: each is used at once, and once.
 * @returns what to call at each use
 */
export function watchUse(policies: readonly { readonly name: string }[]): () => void {
  let uses = 0
  queueMicrotask(() => {
    // Not used so far: it was made for later.
    uses ||= 2
  })
  return () => {
    uses++
    if (uses === 2) usedOnce--
    if (uses !== 1 || ++usedOnce !== SUSPICIOUS) return
    const names = policies.map(({ name }) => name).join(', ')
    warnOnce(`a limiter (${names}) is made for each request and never limits`)
  }
}
