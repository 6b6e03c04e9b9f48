import { type Duration, durationMs, functionOf, knownOptions, wholeNumber } from './check.ts'

export interface CachedByOptions {
  /** For how long an answer is known, from 1 ms to 10 years. Default `'1m'`. */
  ttl?: Duration
  /** Answers to keep at the most; the one looked up longest ago goes first. From 1; default 10,000. */
  maxKeys?: number
  /** For how long after it was got an answer stands in while the look-up fails, from 0 ms. Default `'1h'`. */
  maxStale?: Duration
  /** How long a look-up may take; then it has failed. From 1 ms; default `'5s'`. */
  timeout?: Duration
  /** Milliseconds that only go forward, for tests. Default: `performance.now()`. */
  clock?: () => number
}

interface CachedBySettings {
  readonly ttlMs: number
  readonly maxKeys: number
  readonly maxStaleMs: number
  readonly timeoutMs: number
  readonly clock: () => number
}

/**
 * The options, checked, with their defaults.
 * @throws TypeError, RangeError for options that are unknown or out of range
 */
export function parseCachedBy(options: CachedByOptions): CachedBySettings {
  knownOptions('cachedBy', options, ['ttl', 'maxKeys', 'maxStale', 'timeout', 'clock'])
  const { ttl = '1m', maxKeys = 10_000, maxStale = '1h', timeout = '5s' } = options
  return {
    ttlMs: durationMs('ttl', ttl),
    maxKeys: wholeNumber('maxKeys', maxKeys, 1),
    maxStaleMs: durationMs('maxStale', maxStale, 0),
    timeoutMs: durationMs('timeout', timeout),
    clock: functionOf('clock', options.clock) ?? (() => performance.now()),
  }
}
