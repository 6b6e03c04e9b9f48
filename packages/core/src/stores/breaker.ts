import { isStoreError } from '../store-error.ts'
import type { FailureEvents } from '../store.ts'
import { tell } from '../tell.ts'
import { warnOnce } from '../warn.ts'

/** So many failures, and calls are no longer tried. */
const TRIPS_AFTER = 5

/** How long to wait between two probes at the most, in milliseconds; at least half of it. */
const PROBE_MS = 200

/** Nobody should believe in limits that a wrong password keeps from working. */
const SILENT = 'a store fails, and its failure policy answers: listen to on.storeFailing to learn why'

/** Knows whether a store answers, and asks it again while it does not. */
export interface Breaker {
  /** Whether calls are not even tried. */
  isOpen(): boolean
  /** Until the store is asked again, in milliseconds. */
  retryAfterMs(): number
  /** Notes that a call begins. What this returns is to be called where it fails. */
  begin(): (error: unknown) => void
  /** Stops to ask; the next call goes on with it. */
  rest(): void
}

/**
 * A circuit breaker in three states. *Working*, until a call fails. *Failing*: calls are still tried. *Open*, after five
 * failures: calls are answered without the store.
 *
 * In both of the last two the store is probed every 100 to 200 ms in the background, and it works again when a probe says
 * so. Calls that succeed meanwhile do not: a server that cannot write answers refusals, and one of several servers
 * answers for itself alone.
 * @param probe rejects with a StoreError while the store does not work
 */
export function createBreaker(probe: () => PromiseLike<unknown>, on: FailureEvents): Breaker {
  let failures = 0
  let lastError: unknown
  let failingSince: number | undefined
  /** How often it failed and worked again: calls from before say nothing about now. */
  let changes = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let probesAt = 0
  /** Another one, and probes under way are nobody's. */
  let watch = 0
  let isResting = false

  function fail(error: unknown): void {
    // Calls that wait for one another fail with one another.
    if (error !== lastError) failures++
    lastError = error
    if (failingSince === undefined) {
      failingSince = performance.now()
      changes++
      if (on.storeFailing === undefined) warnOnce(SILENT)
      tell('storeFailing', on.storeFailing, { error })
    }
    probeLater()
  }

  function recover(): void {
    const failingMs = Math.round(performance.now() - (failingSince as number))
    failures = 0
    lastError = failingSince = undefined
    changes++
    tell('storeRecovered', on.storeRecovered, { failingMs })
  }

  async function ask(): Promise<boolean> {
    try {
      await probe()
      return true
    } catch (error) {
      // Who may not do what a probe does was answered all the same.
      return !isStoreError(error)
    }
  }

  async function look(own: number): Promise<void> {
    const works = await ask()
    if (own !== watch) return
    timer = undefined
    if (works) recover()
    else probeLater()
  }

  function probeLater(): void {
    if (timer !== undefined || isResting) return
    // Not all processes at once.
    const waitMs = PROBE_MS * (1 - Math.random() / 2)
    const own = watch
    probesAt = performance.now() + waitMs
    timer = setTimeout(() => {
      void look(own)
    }, waitMs)
    // To ask again is no reason for a process to stay alive.
    ;(timer as { unref?: () => void }).unref?.()
  }

  return {
    isOpen() {
      isResting = false
      if (failingSince !== undefined) probeLater()
      return failures >= TRIPS_AFTER
    },
    // While it is being asked, the next time is another wait away.
    retryAfterMs: () => (probesAt > performance.now() ? Math.ceil(probesAt - performance.now()) : PROBE_MS),
    begin() {
      const asked = changes
      return (error) => {
        if (asked === changes || failingSince !== undefined) fail(error)
      }
    },
    rest() {
      isResting = true
      watch++
      clearTimeout(timer)
      timer = undefined
    },
  }
}
