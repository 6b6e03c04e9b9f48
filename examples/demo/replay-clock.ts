// The time of a log, for limits that are asked faster than the log was written.
//
// A replay sends an hour of requests in seconds. By the clock on the wall nearly all of them would be refused; so
// the store gets a clock that tells what the log says. Each request brings the time of its line in a header, and
// the app sets the clock by it just before the limiter asks. Between the two nothing else runs: the memory store is
// synchronous and so is the key. So each decision is made at exactly the time of its line, however fast and in
// however many connections the replay comes, and a limit means the same as it did when the log was written.
//
// A log whose times step back (a server logs a request when it ends, or stamps it when it began) takes the clock
// back with it. That grants nothing: for a key whose state is ahead, time stands still until the log has caught up.

/** Which header brings the time of a log's line, in milliseconds since 1970. */
export const logTimeHeader = 'x-log-time'

export interface ReplayClock {
  /** Sets the clock for the decision that follows. */
  enter(logTime: string | undefined): void
  now: () => number
}

/** Stands at the time of the latest line; for requests that bring none it goes on from there. */
export function createReplayClock(): ReplayClock {
  let atMs = 0
  let setAt = performance.now()
  let frozen = false
  return {
    enter(logTime) {
      frozen = logTime !== undefined
      if (!frozen) return
      atMs = Number(logTime)
      setAt = performance.now()
    },
    now: () => (frozen ? atMs : atMs + performance.now() - setAt),
  }
}
