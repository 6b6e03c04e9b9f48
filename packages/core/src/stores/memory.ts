import type { Algorithm } from '../algorithm.ts'
import { knownOptions, shown, wholeNumber } from '../check.ts'
import type { Charge, Slot, Store } from '../store.ts'
import { warnOnce } from '../warn.ts'
import { type Evicted, type Table, createTables } from './memory-tables.ts'

export interface MemoryStoreOptions {
  /**
   * Keys to hold at the most, over all policies. Beyond it one is forgotten for each new one: of a sample of 16 the
   * one with most remaining; an exhausted one only if all 16 are, then the one that resets soonest. A whole number
   * from 1; default 1,000,000 (about 200 MB).
   */
  maxKeys?: number
  /** Milliseconds since 1970, for tests. Default: a clock that a step of the system's clock does not move. */
  clock?: () => number
  /** Told of each key that `maxKeys` made the store forget. It runs while a request waits: keep it short. */
  onEvicted?: (evicted: Evicted) => void
}

interface MemorySlot extends Slot {
  readonly table: Table
}

/** Epoch-like, yet monotonic: the process' start by the system's clock, and what has passed since. */
const monotonicNow = (): number => performance.timeOrigin + performance.now()

/**
 * Keeps limits in this process: answers at once, sets no timers, and sweeps expired keys a few per call.
 * Every process has limits of its own.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store<'sync'> {
  knownOptions('memoryStore', options, ['maxKeys', 'clock', 'onEvicted'])
  const { clock = monotonicNow, onEvicted } = options
  for (const [name, value] of [
    ['clock', clock],
    ['onEvicted', onEvicted ?? clock],
  ] as const) {
    if (typeof value !== 'function') throw new TypeError(`${name} must be a function, got ${shown(value)}`)
  }
  const maxKeys = wholeNumber('maxKeys', options.maxKeys ?? 1_000_000, 1)
  const tables = createTables(maxKeys, onEvicted)
  warnOfWorkers()

  function now(): number {
    const ms = Math.floor(clock())
    if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return ms
    throw new RangeError(`clock must return milliseconds since 1970, got ${shown(ms)}`)
  }

  /** Charges one policy, or refuses. Most calls are this, so it does without the lists of `takeAll`. */
  function takeOne(charge: Charge, nowMs: number): boolean {
    const { algorithm, table } = charge.slot as MemorySlot
    const stored = table.states.get(charge.key)
    if (stored !== undefined) algorithm.adopt(stored, nowMs)
    const state = stored ?? algorithm.fresh(nowMs)
    const allowed = algorithm.look(state, nowMs, charge.cost, charge)
    if (allowed && charge.cost > 0) {
      algorithm.charge(state, nowMs, charge.cost)
      if (stored === undefined) tables.add(table, charge.key, state, nowMs)
    }
    return allowed
  }

  /** The state to look at: a fresh one for a key never seen. */
  function stateOf({ slot, key }: Charge, nowMs: number): object {
    const { algorithm, table } = slot as MemorySlot
    const stored = table.states.get(key)
    if (stored !== undefined) algorithm.adopt(stored, nowMs)
    return stored ?? algorithm.fresh(nowMs)
  }

  function keep({ slot, key }: Charge, state: object, nowMs: number): void {
    const { table } = slot as MemorySlot
    if (!table.states.has(key)) tables.add(table, key, state, nowMs)
  }

  /** Looks at one charge, and tells whether it vetoes. A refund is made at once: it depends on nothing. */
  function vetoes(charge: Charge, state: object, nowMs: number): boolean {
    const { algorithm } = charge.slot
    const refund = charge.kind === 'refund'
    if (refund) {
      algorithm.refund(state, nowMs, charge.cost, charge.at)
      // A refund of what is long forgotten leaves nothing behind.
      if (algorithm.ttlMs(state, nowMs) > 0) keep(charge, state, nowMs)
    }
    const fits = algorithm.look(state, nowMs, refund ? 0 : charge.cost, charge)
    return !fits && (charge.kind === 'take' || charge.kind === 'ask')
  }

  /** Makes one charge of a call that nobody vetoed, or leaves it; then tells the state that there is. */
  function settle(charge: Charge, state: object, nowMs: number, allowed: boolean): void {
    const { algorithm } = charge.slot
    const charged = allowed && charge.cost > 0 && makes(charge)
    if (charged) {
      if (charge.upTo > charge.cost) charge.cost = granted(algorithm, state, nowMs, charge)
      algorithm.charge(state, nowMs, charge.cost)
      keep(charge, state, nowMs)
    }
    if (!charged && !charge.allowed) return
    const { allowed: fits, retryAfterMs } = charge
    algorithm.look(state, nowMs, 0, charge)
    charge.allowed = fits
    charge.retryAfterMs = retryAfterMs
  }

  function takeAll(charges: readonly Charge[], nowMs: number): boolean {
    const states: object[] = []
    let allowed = true
    for (const charge of charges) {
      const state = stateOf(charge, nowMs)
      states.push(state)
      if (vetoes(charge, state, nowMs)) allowed = false
    }
    for (let index = 0; index < charges.length; index++) {
      settle(charges[index] as Charge, states[index] as object, nowMs, allowed)
    }
    return allowed
  }

  return {
    mode: 'sync',
    // The monotonic clock falls behind when the machine sleeps; an injected one is all the time there is.
    wallClock: options.clock === undefined ? () => Date.now() : clock,
    open(name, algorithm): MemorySlot {
      return { name, algorithm, table: tables.open(name, algorithm) }
    },
    take(charges) {
      const nowMs = now()
      tables.tick(nowMs)
      const only = charges[0]
      const direct = charges.length === 1 && only !== undefined && only.kind === 'take' && only.upTo === 0
      const allowed = direct ? takeOne(only, nowMs) : takeAll(charges, nowMs)
      return { allowed, at: nowMs, source: 'store' }
    },
    forget(slot, key) {
      tables.forget((slot as MemorySlot).table, key)
    },
    close() {
      tables.clear()
    },
  }
}

/** Whether a charge that is not vetoed by another is made. */
const makes = ({ kind, allowed }: Charge): boolean =>
  kind === 'take' || kind === 'force' || (kind === 'shadow' && allowed)

/** What a take that may have more is granted: at most an eighth of what remains, so that others find some. */
function granted(algorithm: Algorithm, state: object, nowMs: number, charge: Charge): number {
  const { cost, upTo } = charge
  algorithm.look(state, nowMs, 0, charge)
  return Math.max(cost, Math.min(upTo, Math.floor(charge.remaining / 8)))
}

/** Where one app is many processes, limits in memory are per process, which nobody notices in development. */
function warnOfWorkers(): void {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  const { NODE_UNIQUE_ID, pm_id: pm2 } = process?.env ?? {}
  if (NODE_UNIQUE_ID === undefined && pm2 === undefined) return
  warnOnce(
    'workers',
    'limits are kept in the memory of each worker process, so a client has as many times the limit as there are ' +
      'workers; use a store that they share',
  )
}
