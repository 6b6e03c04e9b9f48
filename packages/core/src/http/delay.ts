import type { Decision } from '../algorithm.ts'
import { durationMs, knownOptions, refuse, wholeNumber } from '../check.ts'
import type { Limiter } from '../limiter-types.ts'
import type { PolicyCharge } from '../targets.ts'
import type { DelayOptions } from './options.ts'

/** Why a request that was held back is not decided any more. */
export const GONE: unique symbol = Symbol('the client is gone')

/** Decides a request; `whenGone` calls back once its client has left. */
export type DecideLater = (
  charges: readonly PolicyCharge[],
  whenGone: (gone: () => void) => void,
) => Promise<Decision | typeof GONE>

/**
 * Makes what holds requests back that would be refused, instead of refusing them: first come, first served for the same
 * keys. A client that leaves frees its place at once, and whoever is behind it moves up.
 * @throws TypeError, RangeError for options that are unknown or out of range
 */
export function createDelay(limiter: Limiter, delay: DelayOptions | undefined): DecideLater | undefined {
  if (delay === undefined) return undefined
  if (Object(delay) !== delay) refuse('delay', "an object such as { maxWait: '5s' }", delay)
  knownOptions('delay', delay, ['maxWait', 'maxQueue'])
  const { maxWait = '10s', maxQueue = 1000 } = delay
  const maxWaiting = wholeNumber('delay.maxQueue', maxQueue, 1)
  const options = { maxWait: durationMs('delay.maxWait', maxWait), maxQueue: maxWaiting, maxWaiting }

  return async (charges, whenGone) => {
    const leaving = new AbortController()
    whenGone(() => leaving.abort(GONE))
    try {
      return await limiter.wait(charges, { ...options, signal: leaving.signal })
    } catch (error) {
      if (error === GONE) return GONE
      throw error
    }
  }
}
