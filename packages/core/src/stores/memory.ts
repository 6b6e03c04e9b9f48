import { functionOf, knownOptions, wholeNumber } from '../check.ts'
import type { Charge, Slot, Store } from '../store.ts'
import { warnOnce } from '../warn.ts'
import { createTables, type Evicted, type Table } from './memory-tables.ts'

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
  functionOf('clock', clock)
  if (onEvicted !== undefined) functionOf('onEvicted', onEvicted)
  const maxKeys = wholeNumber('maxKeys', options.maxKeys ?? 1_000_000, 1)
  const tables = createTables(maxKeys, onEvicted)
  warnOfWorkers()

  const now = (): number => wholeNumber('the milliseconds that clock gives', Math.floor(clock()))

  /** The state to look at: a fresh one for a key never seen. */
  function stateOf({ slot, key, kind, cost, at }: Charge, nowMs: number): object {
    const { algorithm, table } = slot as MemorySlot
    const place = table.indexes.get(key)
    if (place === undefined) return algorithm.fresh(nowMs)
    const stored = table.states[place] as object
    // A refund is made at once: it depends on nothing but the state.
    if (kind === 'refund') algorithm.refund(stored, nowMs, cost, at)
    // Who takes nothing changes nothing, whatever parameters it looks by.
    const state = cost === 0 || kind === 'ask' || kind === 'refund' ? { ...stored } : stored
    algorithm.adopt(state, nowMs)
    return state
  }

  /** Makes a charge of a call that nobody vetoed. */
  function make(charge: Charge, state: object, nowMs: number): void {
    const { slot, key, cost, upTo, kind, allowed, retryAfterMs } = charge
    const { algorithm, table } = slot as MemorySlot
    // What fits was looked at as if it were made.
    const isAsLooked = kind === 'take' && upTo === 0
    if (!isAsLooked) {
      algorithm.look(state, nowMs, 0, charge)
      // At most an eighth of what remains, so that others find some.
      charge.cost = Math.max(cost, Math.min(upTo, Math.floor(charge.remaining / 8)))
    }
    algorithm.charge(state, nowMs, charge.cost)
    if (!table.indexes.has(key)) tables.add(table, key, state, nowMs)
    if (isAsLooked) return
    algorithm.look(state, nowMs, 0, charge)
    charge.allowed = allowed
    charge.retryAfterMs = retryAfterMs
  }

  function takeAll(charges: readonly Charge[], nowMs: number): boolean {
    let isAllowed = true
    const states = charges.map((charge) => {
      const { slot, kind, cost } = charge
      const state = stateOf(charge, nowMs)
      slot.algorithm.look(state, nowMs, kind === 'refund' ? 0 : cost, charge)
      if (!charge.allowed && (kind === 'take' || kind === 'ask')) isAllowed = false
      return state
    })
    charges.forEach((charge, index) => {
      const { slot, kind, cost, allowed } = charge
      const state = states[index] as object
      if (isAllowed && cost > 0 && (kind === 'take' || kind === 'force' || (kind === 'shadow' && allowed)))
        make(charge, state, nowMs)
      // It was looked at as if it were made.
      else if (allowed) slot.algorithm.look(state, nowMs, 0, charge)
    })
    return isAllowed
  }

  return {
    mode: 'sync',
    // The monotonic clock falls behind when the machine sleeps; an injected one is all the time there is.
    wallClock: options.clock ?? Date.now,
    open: (name, algorithm): MemorySlot => ({ name, algorithm, table: tables.open(name, algorithm) }),
    take(charges) {
      const nowMs = now()
      tables.tick(nowMs)
      return { allowed: takeAll(charges, nowMs), at: nowMs, source: 'store' }
    },
    forget: (slot, key) => tables.forget((slot as MemorySlot).table, key),
    close: tables.clear,
  }
}

/** Where one app is many processes, limits in memory are per process, which nobody notices in development. */
function warnOfWorkers(): void {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  if (process?.env?.['NODE_UNIQUE_ID'] === undefined && process?.env?.['pm_id'] === undefined) return
  warnOnce('each worker process counts limits in its own memory; use a store that they share')
}
