import { isBug, isStoreError, StoreError } from '../../store-error.ts'
import { withDeadline } from '../deadline.ts'
import type { MemcachedItem, MemcachedPort } from './port.ts'

/**
 * The commands of a server, each of which ends within the timeout. They reject with a `StoreError` where it was
 * not asked.
 */
export interface Commands {
  gets(key: string): Promise<MemcachedItem | undefined>
  cas(key: string, value: string, ttlSeconds: number, cas: unknown): Promise<boolean>
  add(key: string, value: string, ttlSeconds: number): Promise<boolean>
  incr(key: string, by: number): Promise<number | undefined>
  remove(key: string): Promise<unknown>
  /** The key whose command failed last, if none has been done since: its server may be the one that is away. */
  readonly failedKey: string | undefined
}

function failureOf(error: unknown): unknown {
  if (isStoreError(error) || isBug(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new StoreError('failed', `Memcached failed: ${message.slice(0, 200)}`, { cause: error })
}

/** Sees to it that each command of a port ends in time, and that failures are told from mistakes. */
export function commandsOf(port: MemcachedPort, timeoutMs: number): Commands {
  let failedKey: string | undefined

  async function ask<T>(key: string, send: () => PromiseLike<T>): Promise<T> {
    try {
      const result = await withDeadline(send(), timeoutMs, 'Memcached')
      if (failedKey === key) failedKey = undefined
      return result
    } catch (error) {
      failedKey = key
      throw failureOf(error)
    }
  }

  return {
    gets: (key) => ask(key, () => port.gets(key)),
    cas: (key, value, ttlSeconds, cas) => ask(key, () => port.cas(key, value, ttlSeconds, cas)),
    add: (key, value, ttlSeconds) => ask(key, () => port.add(key, value, ttlSeconds)),
    incr: (key, by) => ask(key, () => port.incr(key, by)),
    remove: (key) => ask(key, () => port.delete(key)),
    get failedKey() {
      return failedKey
    },
  }
}
