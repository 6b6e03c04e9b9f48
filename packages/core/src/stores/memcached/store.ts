import { refuse, wholeNumber } from '../../check.ts'
import { all } from '../../maybe-promise.ts'
import { isStoreError, StoreError } from '../../store-error.ts'
import type { Charge, Ruling, Slot, Store } from '../../store.ts'
import { withDeadline } from '../deadline.ts'
import { failurePolicy } from '../failure-policy.ts'
import { type Caller, createSwap } from './cells.ts'
import { portOf } from './clients.ts'
import { commandsOf } from './commands.ts'
import { createCounters } from './counters.ts'
import { createItems } from './items.ts'
import { itemKeys, LONGEST_KEY } from './keys.ts'
import type { MemcachedClient } from './npm-client.ts'
import { memcachedSettings, type MemcachedStoreOptions } from './options.ts'
import type { MemcachedPort } from './port.ts'
import { decidePart, decideSeveral, type Part } from './several.ts'
import { createSeen } from './seen.ts'

/** A log of more entries would not fit an item, which is 1 MB. */
const LONGEST_LOG = 20_000

interface MemcachedSlot extends Slot {
  /** What the keys of its items begin with. */
  readonly stem: string
}

/**
 * Keeps limits in Memcached, so that all processes count together, by the clocks of the processes.
 *
 * A decision reads a state and swaps it if nobody changed it since: two round trips, one for a refusal or a peek.
 * What waits for the same key in this process meanwhile is decided in the next swap together, so that many calls
 * in flight cost a part of a trip each. A window of `fixedWindow` or `calendarWindow` that this process has
 * swapped more than twice becomes a counter: from then on takes of one unit are one round trip, and others cannot
 * get in between. A call with several keys reads and swaps each of them.
 *
 * Others that swap the same key make a call try again, after a pause of random length, until `timeout`; it then
 * rejects with a `StoreError` `'contended'`, which is no outage. A call with several keys is never over a limit,
 * but while it is made others may see charges that it gives back (`atomic: false`).
 *
 * A server that restarts or runs out of memory forgets counts. All processes need the same list of servers, and
 * clocks that agree: a window ends by the clock of who asks. The client is yours: Sluice opens no connection and
 * closes none. Make it with `{ timeout: 500, retries: 0, retry: 100, failures: Number.MAX_SAFE_INTEGER }`: by default it
 * does not try a server again for 30 seconds after one failure, and for 5 hours after five.
 *
 * @param client of the package `memcached`, or a `MemcachedPort`
 * Policies of `prepaid` are refused with a TypeError: a balance must not be forgotten.
 *
 * @throws TypeError, RangeError for what is no client, and for options out of range
 */
export function memcachedStore(
  client: MemcachedClient | MemcachedPort,
  options: MemcachedStoreOptions = {},
): Store<'async'> {
  const { prefix, timeoutMs, clock, leastSeconds } = memcachedSettings(options)
  const port = portOf(client, timeoutMs)
  const keys = itemKeys(prefix, port.maxKeyBytes ?? LONGEST_KEY)
  const commands = commandsOf(port, timeoutMs)
  const counters = createCounters(commands, leastSeconds)
  const seen = createSeen()
  const now = (): number => wholeNumber('clock()', Math.floor(clock()))
  const swap = createSwap(createItems(commands, counters, leastSeconds), counters, now)

  /** The charges of a call by the keys of their items, in the order of the keys. */
  async function partsOf(charges: readonly Charge[], costs: readonly number[]): Promise<Part[]> {
    const stems = charges.map(({ slot }) => (slot as MemcachedSlot).stem)
    const names = await all(charges.map(({ key }, index) => keys.keyOf(stems[index] as string, key)))
    names.forEach((name, index) => seen.add(stems[index] as string, name))
    return [...new Set(names)].toSorted().map((key) => {
      const isOfKey = (_: unknown, index: number): boolean => names[index] === key
      return { key, charges: charges.filter(isOfKey), costs: costs.filter(isOfKey) }
    })
  }

  async function decide(
    charges: readonly Charge[],
    costs: readonly number[],
    caller: Caller,
  ): Promise<Ruling> {
    const parts = await partsOf(charges, costs)
    const [part] = parts
    if (part === undefined) return { allowed: true, at: now(), source: 'store' }
    if (parts.length > 1) return decideSeveral(parts, caller, swap, now)
    return swap(part.key, {
      caller,
      algorithm: (charges[0] as Charge).slot.algorithm,
      isUnit: isUnit(charges),
      apply: (kept, nowMs) => decidePart(part, kept, nowMs),
    })
  }

  async function take(charges: readonly Charge[]): Promise<Ruling> {
    const costs = charges.map(({ cost }) => cost)
    const caller: Caller = { isOver: false, beatenAt: -Infinity }
    try {
      return await withDeadline(decide(charges, costs, caller), timeoutMs, 'Memcached')
    } catch (error) {
      caller.isOver = true
      // What was granted was not taken.
      charges.forEach((charge, index) => (charge.cost = costs[index] as number))
      const wasBeaten = performance.now() - caller.beatenAt < timeoutMs / 2
      throw wasBeaten && isStoreError(error) && error.code === 'timeout'
        ? new StoreError('contended', `others changed the same key for ${timeoutMs} ms`)
        : error
    }
  }

  const store: Store<'async'> = {
    mode: 'async',
    atomic: false,
    ...(options.clock && { wallClock: options.clock }),
    open(name, algorithm): MemcachedSlot {
      const { kind, limit, lasting } = algorithm
      if (lasting)
        throw new TypeError(
          `memcachedStore cannot keep ${kind}(): Memcached may forget any key at any time, and a balance must not be forgotten; use redisStore()`,
        )
      if (kind === 'slidingLog' && limit > LONGEST_LOG)
        refuse('limit', `at most ${LONGEST_LOG} for a slidingLog in Memcached`, limit, 'number')
      return { name, algorithm, stem: keys.stem(name, kind) }
    },
    take,
    async forget(slot, key) {
      const { stem } = slot as MemcachedSlot
      const forgotten = key === undefined ? seen.all(stem) : [await keys.keyOf(stem, key)]
      for (const name of forgotten) {
        counters.forget(name)
        await commands.remove(name)
      }
    },
    async probe() {
      const { failedKey } = commands
      // A key of its own each time: a server that answers may have no room to write.
      const name = keys.reserved(`probe${Math.floor(Math.random() * 2 ** 32)}`)
      await Promise.all([commands.add(name, '1', 2), failedKey === undefined || commands.gets(failedKey)])
    },
    guarded: (onStoreError, on) => failurePolicy(store, onStoreError, on),
  }
  return store
}

/** Whether the charges do nothing but take one unit, and not more. */
const isUnit = ([first, ...rest]: readonly Charge[]): boolean =>
  first !== undefined &&
  rest.length === 0 &&
  first.kind === 'take' &&
  first.cost === 1 &&
  first.upTo === 0 &&
  first.withinMs === 0
