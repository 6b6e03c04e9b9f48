/** What is longer, in seconds, is read as a time since 1970. */
const LONGEST_RELATIVE = 30 * 86_400

/** The server reads a time into 32 bits: until January 2038. */
const LONGEST_ABSOLUTE = 2 ** 31 - 1

/**
 * How an item is told to live for at least `ms` milliseconds, as the protocol wants it: whole seconds, one more
 * than it takes because the server's own clock ticks once a second and an item of 1 s may be gone at once, and
 * above 30 days as a time since 1970. Never 0, which would mean for ever.
 */
export function lifetime(ms: number, leastSeconds: number): number {
  const seconds = Math.max(leastSeconds, Math.ceil(ms / 1000) + 1)
  if (seconds <= LONGEST_RELATIVE) return seconds
  const now = Math.floor(Date.now() / 1000)
  const end = Math.min(now + seconds, LONGEST_ABSOLUTE)
  return end - now > LONGEST_RELATIVE ? end : LONGEST_RELATIVE
}
