import type { Decision } from './algorithm.ts'
import { type Duration, durationMs, refuse, wholeNumber } from './check.ts'
import { all, type MaybePromise } from './maybe-promise.ts'
import type { CostOptions, PolicyCharge } from './targets.ts'
import { waiterOf } from './waiter.ts'
import { createLine } from './waiting-line.ts'
import type { Decider, Line } from './waiting-types.ts'

export interface WaitOptions<Name extends string = string> extends CostOptions<Name> {
  /** How long to wait at the most, from 0 (not at all) to 10 years. Default: 10 years. */
  maxWait?: Duration | undefined
  /** How many may wait for the same keys in this process, sleeping or not. A whole number from 1; default 1,000. */
  maxQueue?: number | undefined
  /**
   * How many may wait in this process for whichever keys, sleeping or not; who comes then is decided at once, but passes
   * nobody who waits for the same keys. A whole number from 1; default 100,000.
   */
  maxWaiting?: number | undefined
  /** Leaves the queue, or gives the turn back; the promise then rejects with its reason. */
  signal?: AbortSignal | undefined
}

export const WAIT_OPTIONS: readonly string[] = ['cost', 'maxWait', 'maxQueue', 'maxWaiting', 'signal']

/** The lines in front of a limiter. */
export interface Waiting {
  /** @throws TypeError, RangeError for options out of range */
  join(charges: readonly PolicyCharge[], options: WaitOptions): Promise<Decision>
  /** Refuses all who wait, and gives back what they were charged. */
  close(): MaybePromise<unknown>
}

/** Hears how a wait ended; `waitedMs` is 0 for who did not have to wait for a turn. */
export type Ended = (decision: Decision, waitedMs: number) => void

/** Lets callers wait for their turn, in a line for each set of keys. */
export function createWaiting(decider: Decider, ended?: Ended): Waiting {
  const lines = new Map<string, Line>()

  let waiting = 0

  const idOf = (charges: readonly PolicyCharge[]): string =>
    JSON.stringify(charges.map(({ policy, key }) => [policy, key]))

  function lineOf(id: string): Line {
    const line: Line = lines.get(id) ?? createLine(decider, () => lines.get(id) === line && lines.delete(id))
    lines.set(id, line)
    return line
  }

  return {
    join(charges, { maxWait = '3660d', maxQueue = 1000, maxWaiting = 100_000, signal }) {
      const maxWaitMs = durationMs('maxWait', maxWait, 0)
      wholeNumber('maxQueue', maxQueue, 1)
      wholeNumber('maxWaiting', maxWaiting, 1)
      if (signal !== undefined && typeof signal?.addEventListener !== 'function')
        refuse('signal', 'an AbortSignal', signal)
      // Misuse throws at once, however long the queue.
      decider.callsOf(charges, true)
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const id = idOf(charges)
        const from = performance.now()
        const isFull = waiting >= maxWaiting
        const line = lineOf(id)
        const abort = (): void => line.abort(waiter, signal?.reason)
        function leave(): void {
          waiting--
          signal?.removeEventListener('abort', abort)
        }
        const waiter = waiterOf(
          charges,
          isFull ? 0 : maxWaitMs,
          (decision) => {
            leave()
            ended?.(decision, waiter.isDelayed ? Math.floor(performance.now() - from) : 0)
            resolve(decision)
          },
          (error) => (leave(), reject(error)),
        )
        signal?.addEventListener('abort', abort)
        waiting++
        line.enter(waiter, isFull ? 0 : maxQueue)
      })
    },
    close: () => all([...lines.values()].flatMap((line) => line.close())),
  }
}
