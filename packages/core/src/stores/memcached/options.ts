import { type Duration, durationMs, functionOf, knownOptions } from '../../check.ts'

export interface MemcachedStoreOptions {
  /** What the keys of all items begin with. Text of at most some 100 bytes; default `'sluice'`. */
  prefix?: string
  /** How long a call may take; after that it fails, and the failure policy answers. Default `'100ms'`. */
  timeout?: Duration
  /** Milliseconds since 1970, for tests; items then live for an hour at least. Default: this process' clock. */
  clock?: () => number
}

/** Options with their defaults, checked. */
export interface MemcachedSettings {
  readonly prefix: unknown
  readonly timeoutMs: number
  readonly clock: () => number
  /** How long an item lives at least, in seconds: the server knows no other time than its own. */
  readonly leastSeconds: number
}

const AN_HOUR = 3600

/** @throws TypeError, RangeError for options that are unknown or out of range */
export function memcachedSettings(options: MemcachedStoreOptions): MemcachedSettings {
  knownOptions('memcachedStore', options, ['prefix', 'timeout', 'clock'])
  const { prefix = 'sluice', timeout = '100ms', clock } = options
  return {
    prefix,
    timeoutMs: durationMs('timeout', timeout),
    clock: functionOf('clock', clock) ?? Date.now,
    leastSeconds: clock ? AN_HOUR : 1,
  }
}
