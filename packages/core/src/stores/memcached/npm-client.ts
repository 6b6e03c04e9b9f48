import { StoreError } from '../../store-error.ts'
import { LONGEST_KEY } from './keys.ts'
import { connectionsOf } from './npm-connections.ts'
import type { MemcachedPort } from './port.ts'

type Callback<T> = (error: unknown, result: T) => void

/** What is used of the package `memcached`. */
export interface MemcachedClient {
  gets(key: string, callback: Callback<unknown>): void
  cas(key: string, value: string, cas: string, lifetime: number, callback: Callback<boolean>): void
  add(key: string, value: string, lifetime: number, callback: Callback<boolean>): void
  incr(key: string, amount: number, callback: Callback<number | boolean>): void
  del(key: string, callback: Callback<boolean>): void
}

const COMMANDS = ['gets', 'cas', 'add', 'incr', 'del'] as const

export function isNpmClient(client: unknown): client is MemcachedClient {
  const methods = Object(client) as Record<string, unknown>
  return COMMANDS.every((command) => typeof methods[command] === 'function')
}

/**
 * What the client or the server says of a command that is wrong; everything else it says is a failure of theirs.
 */
const MISTAKES =
  /^(?:Received an ERROR response|Argument "|The key should not|The length of the value|bad |invalid |line too long)/

/** The client knows that the server is away, and sent nothing. */
const NOT_READY = /^Server at .* not available$/

/** What the server says to `incr` where a state is no number. */
const NO_NUMBER = /^cannot increment/

/**
 * The `memcached` package as a port. It has no promises, calls back with one error, a list of them or a text, and
 * says `false` both for "no" and for a server out of memory. A socket that breaks takes its callbacks with it:
 * whoever asks needs a deadline.
 */
export function npmPort(client: MemcachedClient, timeoutMs: number): MemcachedPort {
  const { namespace = '', maxKeySize = LONGEST_KEY } = client as { namespace?: string; maxKeySize?: number }
  const { read, write } = connectionsOf(client, timeoutMs)
  const find = (key: string): Promise<unknown> => asked((done) => client.gets(key, done))
  const send = <T>(key: string, command: (done: Callback<T>) => void): Promise<T> =>
    write(
      namespace + key,
      () => find(key),
      () => asked(command),
    )

  return {
    // A longer key would be replaced by its MD5, with the namespace in it.
    maxKeyBytes: Math.min(LONGEST_KEY, maxKeySize) - namespace.length,

    async gets(key) {
      const found = await read(namespace + key, () => find(key))
      if (found === undefined) return undefined
      if (found === false) throw refused()
      const item = found as Record<string, unknown>
      // With a namespace the value comes under its full name.
      return { value: textOf(item[namespace + key]), cas: item['cas'] }
    },

    // After a server's failure this is false too; the `gets` that follows tells.
    cas: (key, value, ttlSeconds, cas) =>
      send(key, (done) => client.cas(key, value, cas as string, ttlSeconds, done)),

    async add(key, value, ttlSeconds) {
      try {
        if (await send<boolean>(key, (done) => client.add(key, value, ttlSeconds, done))) return true
      } catch (error) {
        if ((error as { cause?: { notStored?: boolean } }).cause?.notStored) return false
        throw error
      }
      throw refused()
    },

    async incr(key, by) {
      try {
        const value = await send<number | boolean>(key, (done) => client.incr(key, by, done))
        return typeof value === 'number' ? value : undefined
      } catch (error) {
        if (NO_NUMBER.test(String((error as { cause?: { message?: string } }).cause?.message)))
          return undefined
        throw error
      }
    },

    delete: (key) => send(key, (done) => client.del(key, done)),
  }
}

const refused = (): StoreError => new StoreError('failed', 'Memcached refused to store or to find an item')

/** The client turns what others stored with other flags into numbers, buffers and objects; states are text. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

function asked<T>(send: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    send((error, result) => {
      // The list is emptied as soon as this returns.
      const first: unknown = Array.isArray(error) ? error[0] : error
      if (first) reject(failure(first))
      else resolve(result)
    }),
  )
}

function failure(cause: unknown): Error {
  const message = (cause instanceof Error ? cause.message : String(cause)).slice(0, 200)
  if (MISTAKES.test(message)) return new TypeError(`Memcached refused a command: ${message}`, { cause })
  const code = NOT_READY.test(message) ? 'not-ready' : 'failed'
  return new StoreError(code, `Memcached failed: ${message}`, { cause })
}
