import type { Algorithm } from '../algorithm.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { LONGEST_MS, refuse, wholeNumber } from '../check.ts'

/** What a limiter of rate-limiter-flexible answers. */
export interface FlexibleAnswer {
  readonly remainingPoints: number
  /** -1: never. */
  readonly msBeforeNext: number
  readonly consumedPoints: number
}

/** What the bridge calls of a limiter of rate-limiter-flexible: its classes fit by their shape, and nothing is imported. */
export interface FlexibleLimiter {
  consume(key: string, points?: number): PromiseLike<FlexibleAnswer>
  penalty(key: string, points?: number): PromiseLike<FlexibleAnswer>
  reward(key: string, points?: number): PromiseLike<FlexibleAnswer>
  get(key: string): PromiseLike<FlexibleAnswer | null>
  delete(key: string): PromiseLike<boolean>
  readonly points?: number
  /** Seconds; 0: points never come back. */
  readonly duration?: number
  readonly execEvenly?: boolean
  readonly execEvenlyMinDelayMs?: number
}

const METHODS = ['consume', 'penalty', 'reward', 'get', 'delete'] as const

const MUST =
  'a limiter of rate-limiter-flexible that has consume, penalty, reward, get and delete (bridge the limiters that a ' +
  'BurstyRateLimiter, RateLimiterUnion or RateLimiterQueue is made of)'

function isLimiter(value: unknown): value is FlexibleLimiter {
  return METHODS.every((name) => typeof (value as FlexibleLimiter | undefined | null)?.[name] === 'function')
}

/** Wrappers have no figures, or zeros: what is wrapped has them. */
function innermost(limiter: FlexibleLimiter): FlexibleLimiter {
  const { limiter: inner } = limiter as { limiter?: unknown }
  return isLimiter(inner) ? innermost(inner) : limiter
}

/** The figures of a limiter, whose points may be set while it works. */
export interface FlexibleFigures {
  /** How it counts, for what answers while it does not. */
  readonly algorithm: Algorithm
  points(): number
  /** How long an allowed take may be held back on purpose, in milliseconds. */
  longestDelayMs(): number
}

/**
 * Reads the figures of a limiter.
 * @throws TypeError, RangeError for what cannot be bridged
 */
export function figuresOf(limiter: FlexibleLimiter): FlexibleFigures {
  if (!isLimiter(limiter)) refuse('limiter', MUST, limiter)
  const inner = innermost(limiter)
  const limit = wholeNumber('limiter.points', inner.points)
  const { duration } = inner
  const longest = LONGEST_MS / 1000
  if (typeof duration !== 'number' || !(duration >= 0 && duration <= longest))
    refuse('limiter.duration', `a number of seconds from 0 to ${longest}`, duration, 'number')
  const points = (): number => inner.points ?? limit
  return {
    algorithm: algorithmOf(limit, Math.ceil(duration * 1000)),
    points,
    longestDelayMs() {
      const { execEvenly = false, execEvenlyMinDelayMs = 0 } = inner
      return execEvenly ? Math.max(duration * 1000, points() * execEvenlyMinDelayMs) : 0
    },
  }
}

/** A window that opens at the first charge; with a duration of 0 it never ends. */
function algorithmOf(limit: number, durationMs: number): Algorithm {
  if (durationMs > 0) return fixedWindow({ limit, window: durationMs })
  const window = fixedWindow({ limit, window: LONGEST_MS })
  return {
    ...window,
    windowMs: Infinity,
    look(state, nowMs, cost, out) {
      window.look(state as never, nowMs, cost, out)
      if (out.resetMs > 0) out.resetMs = Infinity
      if (!out.allowed) out.retryAfterMs = Infinity
    },
  }
}
