import { functionOf, knownOptions, wholeNumber } from '../check.ts'
import type { Charge, Slot, Store } from '../store.ts'
import { warnOnce } from '../warn.ts'
import { takes, vetoes } from './judge.ts'
import { grantIn } from './memory-grants.ts'
import { createTables, type Evicted, type Table } from './memory-tables.ts'

export interface MemoryStoreOptions {
  /**
   * Keys to hold at the most, over all policies. Beyond it one is forgotten for each new one: of a sample of 16 the
   * one with most remaining; an exhausted one only if all 16 are, then the one that resets soonest. A whole number
   * from 1; default 1,000,000 (about 250 MB where keys have some 15 characters). Balances of `prepaid` do not count: they are
   * never forgotten, and there are only those that were granted.
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

/**
 * Keeps limits in this process: answers at once, sets no timers, and sweeps expired keys a few per call.
 * Every process has limits of its own, and they end with it; balances of `prepaid`, too.
 *
 * @throws TypeError, RangeError for options out of range
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store<'sync'> {
  knownOptions('memoryStore', options, ['maxKeys', 'clock', 'onEvicted'])
  const { timeOrigin } = performance
  // Epoch-like, yet monotonic: the process' start by the system's clock, and what has passed since.
  const { maxKeys = 1_000_000, clock = () => timeOrigin + performance.now(), onEvicted } = options
  wholeNumber('maxKeys', maxKeys, 1)
  functionOf('clock', clock)
  functionOf('onEvicted', onEvicted)
  const tables = createTables(maxKeys, onEvicted)
  warnOfWorkers()

  const now = (): number => wholeNumber('clock()', Math.floor(clock()))

  /** The state to look at: a fresh one for a key never seen. */
  function stateOf(charge: Charge, nowMs: number): object {
    const { slot, key, kind, cost, at } = charge
    const { algorithm, table } = slot as MemorySlot
    const stored = table.entries.get(key)?.state
    if (stored === undefined) return algorithm.fresh(nowMs)
    // A refund is made at once: it depends on nothing but the state.
    if (kind === 'refund') algorithm.refund(stored, nowMs, cost, at)
    // Who takes nothing changes nothing, whatever parameters it looks by.
    const state = takes(charge) ? stored : { ...stored }
    algorithm.adopt(state, nowMs)
    return state
  }

  /** Looks at a charge as if it alone were made. */
  function lookAt(charge: Charge, nowMs: number): object {
    const state = stateOf(charge, nowMs)
    charge.slot.algorithm.look(state, nowMs, charge.kind === 'refund' ? 0 : charge.cost, charge)
    if (charge.retryAfterMs <= charge.withinMs) charge.allowed = true
    return state
  }

  /** Makes a charge, unless somebody vetoed the call, and tells how things are then. */
  function settle(charge: Charge, state: object, nowMs: number, isAllowed: boolean): void {
    const { slot, key, kind, cost, upTo, allowed, retryAfterMs } = charge
    const { algorithm, table } = slot as MemorySlot
    const isMade = isAllowed && takes(charge) && (allowed || kind === 'force')
    if (!allowed && !isMade) return
    if (isMade) {
      if (upTo > 0) {
        algorithm.look(state, nowMs, 0, charge)
        // At most an eighth of what remains, so that others find some.
        charge.cost = Math.max(cost, Math.min(upTo, Math.floor(charge.remaining / 8)))
      }
      algorithm.charge(state, nowMs, charge.cost)
      tables.keep(table, key, state, nowMs)
      // A take is looked at as if it were made.
      if (kind === 'take' && upTo + retryAfterMs === 0) return
    }
    algorithm.look(state, nowMs, 0, charge)
    charge.allowed = allowed
    charge.retryAfterMs = retryAfterMs
  }

  return {
    mode: 'sync',
    // The monotonic clock falls behind when the machine sleeps; an injected one is all the time there is.
    wallClock: options.clock ?? Date.now,
    open: (name, algorithm): MemorySlot => ({ name, algorithm, table: tables.open(name, algorithm) }),
    take(charges) {
      const nowMs = now()
      tables.tick(nowMs)
      const states: object[] = []
      let allowed = true
      for (const charge of charges) {
        states.push(lookAt(charge, nowMs))
        if (vetoes(charge)) allowed = false
      }
      for (let index = 0; index < charges.length; index++)
        settle(charges[index] as Charge, states[index] as object, nowMs, allowed)
      return { allowed, at: nowMs, source: 'store' }
    },
    grant: (slot, key, units, id) => grantIn(tables, (slot as MemorySlot).table, key, units, id, now()),
    forget: (slot, key) => tables.forget((slot as MemorySlot).table, key),
    close: tables.clear,
  }
}

type BuiltIn = (name: string) => { isWorker?: boolean } | undefined

/** Where one app is many processes, limits in memory are per process, which nobody notices in development. */
function warnOfWorkers(): void {
  // No import: on other platforms than Node there is no such module.
  const { process } = globalThis as { process?: { getBuiltinModule?: BuiltIn } }
  if (process?.getBuiltinModule?.('node:cluster')?.isWorker)
    warnOnce('limits in memory are per process: share a store')
}
