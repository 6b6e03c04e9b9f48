import type { FailureEvents } from '../store.ts'

/** So many failures in a row, and calls are no longer tried. */
const TRIPS_AFTER = 5

/** How long to wait between two probes at the most, in milliseconds; at least half of it. */
const PROBE_MS = 200

/** Knows whether a store answers, and asks it again while it does not. */
export interface Breaker {
  /** Whether calls are not even tried. */
  readonly isOpen: boolean
  /** Until the store is asked again, in milliseconds. */
  readonly retryAfterMs: number
  /** Notes that a call begins. How it ends is told to what this returns; it counts if nothing changed in between. */
  begin(): (error?: unknown) => void
  /** Stops to ask; the next call that begins goes on with it. */
  rest(): void
}

/**
 * A circuit breaker: after five failures in a row calls are answered without the store, which is asked in the background
 * every 100 to 200 ms until it answers.
 * @param probe rejects while the store does not work
 */
export function createBreaker(probe: () => PromiseLike<unknown>, on: FailureEvents): Breaker {
  let failures = 0
  let lastError: unknown
  let failingSince: number | undefined
  /** Changes of state so far: calls from before one of them say nothing about what is now. */
  let changes = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let probesAt = 0

  function fail(error: unknown): void {
    // Calls that wait for one another fail with one another.
    if (error !== lastError) failures++
    lastError = error
    if (failingSince === undefined) {
      failingSince = performance.now()
      changes++
      on.storeFailing?.({ error })
    }
    if (failures >= TRIPS_AFTER) probeLater()
  }

  function succeed(): void {
    failures = 0
    lastError = undefined
    if (failingSince === undefined) return
    const failingMs = Math.round(performance.now() - failingSince)
    failingSince = undefined
    changes++
    on.storeRecovered?.({ failingMs })
  }

  function probeLater(): void {
    if (timer !== undefined) return
    // Not all processes at once.
    const waitMs = PROBE_MS * (1 - Math.random() / 2)
    probesAt = performance.now() + waitMs
    timer = setTimeout(() => {
      const asked = changes
      Promise.resolve()
        .then(probe)
        .then(succeed, () => undefined)
        .finally(() => {
          timer = undefined
          if (failures >= TRIPS_AFTER && asked === changes) probeLater()
        })
    }, waitMs)
    // To ask again is no reason for a process to stay alive.
    ;(timer as { unref?: () => void }).unref?.()
  }

  return {
    get isOpen() {
      if (failures < TRIPS_AFTER) return false
      probeLater()
      return true
    },
    get retryAfterMs() {
      return timer === undefined ? PROBE_MS : Math.max(1, Math.ceil(probesAt - performance.now()))
    },
    begin() {
      const asked = changes
      return (error) => {
        // The first failures come together: each of them counts towards the trip.
        if (error !== undefined && (asked === changes || failingSince !== undefined)) fail(error)
        else if (error === undefined && asked === changes) succeed()
      }
    },
    rest() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
