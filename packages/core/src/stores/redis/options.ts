import { type Duration, durationMs, functionOf, knownOptions, refuse } from '../../check.ts'
import { type DenyCacheOptions } from '../deny-cache.ts'
import { type LeaseOptions } from '../lease.ts'

export interface RedisStoreOptions {
  /** What all keys begin with. Text without braces; default `'sluice'`. */
  prefix?: string
  /** How long a call may take; after that it fails, and the failure policy answers. Default `'100ms'`. */
  timeout?: Duration
  /** Remembers refusals in this process, so that who is refused costs no round trip. `false`: does not. */
  denyCache?: DenyCacheOptions | false
  /** Takes blocks of units, and spends them in this process. Default `false`: each decision asks the server. */
  lease?: LeaseOptions | false
  /** Milliseconds since 1970, for tests. Default: the server's clock. */
  clock?: () => number
}

/** Options with their defaults, checked. */
export interface RedisSettings {
  readonly prefix: string
  readonly timeoutMs: number
  readonly denyCache: DenyCacheOptions | false
  readonly lease: LeaseOptions | false
  readonly clock: (() => number) | undefined
}

/** @throws TypeError, RangeError for options that are unknown or out of range */
export function redisSettings(options: RedisStoreOptions): RedisSettings {
  knownOptions('redisStore', options, ['prefix', 'timeout', 'denyCache', 'lease', 'clock'])
  const { prefix = 'sluice', timeout = '100ms', denyCache = {}, lease = false, clock } = options
  if (typeof prefix !== 'string' || /[{}]|[\ud800-\udfff]/u.test(prefix))
    refuse('prefix', 'text without braces', prefix, 'string')
  optionsOrFalse('denyCache', '{ maxStale, maxKeys } or false', denyCache)
  optionsOrFalse('lease', '{ size, maxHold } or false', lease)
  return {
    prefix,
    timeoutMs: durationMs('timeout', timeout),
    denyCache,
    lease,
    clock: functionOf('clock', clock),
  }
}

function optionsOrFalse(option: string, must: string, value: unknown): void {
  if (value !== false && Object(value) !== value) refuse(option, must, value)
}
