import { type CachedByOptions, parseCachedBy } from './cached-by-options.ts'
import { refuse } from './check.ts'
import { hashSecret } from './http/partition-key.ts'
import { after, isPromise, type MaybePromise } from './maybe-promise.ts'
import { boundedMap } from './stores/bounded-map.ts'
import { withDeadline } from './stores/deadline.ts'

/** An option function whose answers are cached. */
export interface CachedBy<Args extends readonly unknown[], Key extends string | undefined, T> {
  (...args: Args): MaybePromise<T>
  /**
   * Forgets the answer to a key, and what is being looked up for it: the next request asks anew. At once, or a promise for
   * a key of more than 256 characters where only WebCrypto is.
   */
  forget(key: Key): MaybePromise<void>
  /** Forgets all answers. */
  clear(): void
}

/** The same arguments, told by the key alone: a look-up may leave them out, which does not say that there are none. */
type Same<Args extends readonly unknown[]> = Args extends readonly [...infer All] ? All : never

interface Answer<T> {
  readonly value: T
  readonly freshUntil: number
  readonly staleUntil: number
  /** When to look up again after a failure; `undefined`: nothing has failed since. */
  retryAt: number | undefined
}

/** Who is down is not asked more often for one key. */
const RETRY_MS = 1000

/** A longer key is kept as its hash: a client that chooses it must not fill memory with it. */
const MAX_LENGTH = 256

/**
 * Makes an option function (`limit`, `algorithm`, `cost`, `key`) whose answers are cached and looked up once:
 * `algorithm: cachedBy((req) => req.get('x-api-key'), async (apiKey) => plans[await planOf(apiKey)])`.
 *
 * Requests of one key that come while it is looked up share the look-up, so the answer must depend on nothing but the
 * key; a known answer comes at once, without a promise. Requests without a key (`undefined` or `''`) share an entry.
 * While the look-up fails, the last answer stands in for `maxStale` at the most, and is tried for again once a second;
 * nobody waits for these attempts. Without such an answer a failure rejects for all who wait for it, and is not kept.
 * What comes after `timeout` is dropped. In memory, for this process alone; `forget(key)` makes a change live at once.
 *
 * @throws TypeError, RangeError for options that are unknown or out of range; per request a TypeError for a key that is
 * no text
 */
export function cachedBy<Args extends readonly unknown[], Key extends string | undefined, T>(
  key: (...args: Args) => MaybePromise<Key>,
  lookUp: (key: Key, ...args: Same<Args>) => MaybePromise<T>,
  options: CachedByOptions = {},
): CachedBy<Args, Key, T> {
  if (typeof key !== 'function') refuse('the key that cachedBy takes', 'a function', key)
  if (typeof lookUp !== 'function') refuse('the look-up that cachedBy takes', 'a function', lookUp)
  const { ttlMs, maxKeys, maxStaleMs, timeoutMs, clock } = parseCachedBy(options)
  const answers = boundedMap<Answer<T>>(maxKeys)
  const underWay = new Map<string, Promise<T>>()

  function keep(id: string, value: T): T {
    const now = clock()
    answers.set(id, { value, freshUntil: now + ttlMs, staleUntil: now + maxStaleMs, retryAt: undefined })
    return value
  }

  /** What stands in for an answer that could not be got. */
  function standIn(id: string, error: unknown): T {
    const last = answers.get(id)
    const now = clock()
    if (last === undefined || now >= last.staleUntil) throw error
    last.retryAt = now + RETRY_MS
    return last.value
  }

  function ask(id: string, found: Key, args: Args): MaybePromise<T> {
    let asked: MaybePromise<T>
    try {
      asked = lookUp(found, ...(args as unknown as Same<Args>))
    } catch (error) {
      return standIn(id, error)
    }
    if (!isPromise(asked)) return keep(id, asked)
    // What was forgotten meanwhile is not kept: it may be from before the change.
    const isOurs = (): boolean => underWay.get(id) === promise
    const promise: Promise<T> = withDeadline(asked, timeoutMs, 'the look-up of cachedBy', Error)
      .then(
        (value) => (isOurs() ? keep(id, value) : value),
        (error: unknown) => {
          if (isOurs()) return standIn(id, error)
          throw error
        },
      )
      .finally(() => {
        if (isOurs()) underWay.delete(id)
      })
    underWay.set(id, promise)
    return promise
  }

  function answer(id: string, found: Key, args: Args): MaybePromise<T> {
    const last = answers.get(id)
    const now = clock()
    if (last !== undefined && now < last.freshUntil) return last.value
    if (last?.retryAt === undefined || now >= last.staleUntil) return underWay.get(id) ?? ask(id, found, args)
    // What failed a moment ago is asked in the background.
    if (now < last.retryAt || underWay.has(id)) return last.value
    const asked = ask(id, found, args)
    if (!isPromise(asked)) return asked
    asked.then(undefined, () => undefined)
    return last.value
  }

  return Object.assign(
    (...args: Args) => after(key(...args), (found) => after(idOf(found), (id) => answer(id, found, args))),
    {
      forget: (forgotten: Key) =>
        after(idOf(forgotten), (id) => {
          answers.delete(id)
          underWay.delete(id)
        }),
      clear() {
        answers.clear()
        underWay.clear()
      },
    },
  )
}

/** What an answer is kept under. A hash is made longer than any key that is kept as it is, so that none poses as it. */
function idOf(key: unknown): MaybePromise<string> {
  if (key === undefined) return ''
  if (typeof key !== 'string') return refuse('the key that cachedBy is told', 'text or undefined', key)
  return key.length <= MAX_LENGTH ? key : after(hashSecret(key), (hash) => hash.padEnd(MAX_LENGTH + 1))
}
