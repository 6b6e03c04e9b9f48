import { isBug, isStoreError, StoreError } from '../store-error.ts'
import type { Charge } from '../store.ts'
import type { FlexibleAnswer } from './rate-limiter-flexible-limiter.ts'

/** `fetch`, by which some databases are asked, rejects with a TypeError where the network fails. */
const NETWORK = /fetch|network/i

/** A refusal, which the library gives as a rejection that is no Error but an answer. */
export function isRefusal(error: unknown): error is FlexibleAnswer {
  return Number.isFinite((error as FlexibleAnswer | null | undefined)?.msBeforeNext)
}

/** What a failed call rejects with: a refusal and a mistake in a program as they are, all else as a `StoreError`. */
export function failureOf(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error)
  if (isRefusal(error) || isStoreError(error) || (isBug(error) && !NETWORK.test(message))) return error
  return new StoreError('failed', `rate-limiter-flexible failed: ${message.slice(0, 200)}`, { cause: error })
}

/** How a key stands, in our terms. */
interface Standing {
  /** Points that a take could have now. Above the limit for a key on a white list, and after rewards. */
  readonly free: number
  /** Until the key's window or block ends: 0: it is over; `Infinity`: never. */
  readonly waitMs: number
}

/** @throws StoreError where there are no figures: nobody is let in or kept out by a guess */
function standingOf(answer: FlexibleAnswer | null, limit: number): Standing {
  if (answer === null) return { free: limit, waitMs: 0 }
  const { remainingPoints, msBeforeNext } = answer
  if (!Number.isFinite(remainingPoints) || !Number.isFinite(msBeforeNext))
    throw new StoreError('failed', 'rate-limiter-flexible answered without figures')
  const isEndless = msBeforeNext === -1 || msBeforeNext >= Number.MAX_SAFE_INTEGER
  const waitMs = isEndless ? Infinity : Math.max(0, Math.ceil(msBeforeNext))
  // In memory a key may still be there for a moment when its time is over.
  return { free: waitMs > 0 ? remainingPoints : Math.max(limit, remainingPoints), waitMs }
}

/**
 * Writes down what an answer says of a charge.
 * @param isAllowed whether the cost fitted; left out: whether it would, by what is free
 */
export function tell(
  charge: Charge,
  answer: FlexibleAnswer | null,
  limit: number,
  isAllowed?: boolean,
): void {
  const { free, waitMs } = standingOf(answer, limit)
  const { cost, kind } = charge
  const allowed = isAllowed ?? cost <= free
  // A penalty is charged by then: what is waited for is the end of the window.
  const canFit = cost <= limit || kind === 'force'
  charge.allowed = allowed
  charge.limit = limit
  charge.remaining = Math.min(limit, allowed ? free : Math.min(free, cost - 1))
  charge.resetMs = charge.remaining < limit ? waitMs : 0
  charge.retryAfterMs = allowed ? 0 : canFit ? Math.max(1, waitMs) : Infinity
}
