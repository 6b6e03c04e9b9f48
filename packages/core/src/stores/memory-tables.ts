import type { Algorithm, Answer } from '../algorithm.ts'

/** A key that `maxKeys` made the memory store forget. */
export interface Evicted {
  readonly policy: string
  readonly key: string
  /** Whether the key had nothing left: all that were sampled had nothing left. */
  readonly exhausted: boolean
}

/** The states of one policy name and one kind of algorithm, side by side with their keys, in no order. */
export interface Table {
  readonly policy: string
  /** The one with the lowest limit, where there are several: by it keys are judged that have to go. */
  algorithm: Algorithm
  readonly indexes: Map<string, number>
  readonly keys: string[]
  readonly states: object[]
  /** Where sweeping goes on. */
  hand: number
}

export interface Tables {
  open(policy: string, algorithm: Algorithm): Table
  /** Counts a call, and sweeps a few keys every few calls. */
  tick(nowMs: number): void
  /** Adds a key that is not there. */
  add(table: Table, key: string, state: object, nowMs: number): void
  forget(table: Table, key: string | undefined): void
  clear(): void
}

const SAMPLE = 16

/**
 * All keys of a memory store, bounded by `maxKeys`.
 *
 * Sweeping is paid by calls: four keys every sixteenth call and two for each new key, so that a full round comes
 * before the table has grown by half. What goes is chosen from a random sample: in any order that keys have, those
 * that stay would gather where the next sample is taken.
 */
export function createTables(maxKeys: number, onEvicted?: (evicted: Evicted) => void): Tables {
  const tables: Table[] = []
  let size = 0
  let calls = 0
  let turn = 0

  /** The last key takes the place of the one that goes. */
  function removeAt({ indexes, keys, states }: Table, index: number): void {
    indexes.delete(keys[index] as string)
    const [key, state] = [keys.pop() as string, states.pop() as object]
    size--
    if (index === keys.length) return
    keys[index] = key
    states[index] = state
    indexes.set(key, index)
  }

  function sweep(nowMs: number, howMany: number): void {
    const table = tables[turn++ % tables.length] as Table
    for (let left = Math.min(howMany, table.keys.length); left > 0; left--) {
      if (--table.hand < 0) table.hand = table.keys.length - 1
      const state = table.states[table.hand]
      if (state !== undefined && table.algorithm.ttlMs(state, nowMs) <= 0) removeAt(table, table.hand)
    }
  }

  function evict(nowMs: number): void {
    const table = tables.reduce((most, other) => (other.keys.length > most.keys.length ? other : most))
    const { algorithm, keys, states } = table
    const answer: Answer = { allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 0 }
    let [victim, most, soonest] = [0, -1, 0]
    for (let at = 0; at < SAMPLE && at < keys.length; at++) {
      const index = keys.length > SAMPLE ? Math.floor(Math.random() * keys.length) : at
      // A copy, because the key may be one of another plan.
      const state = { ...states[index] }
      if (algorithm.ttlMs(state, nowMs) <= 0) return removeAt(table, index)
      algorithm.adopt(state, nowMs)
      algorithm.look(state, nowMs, 0, answer)
      const { remaining, resetMs } = answer
      if (remaining > most || (remaining === most && resetMs < soonest))
        [victim, most, soonest] = [index, remaining, resetMs]
    }
    const key = keys[victim] as string
    removeAt(table, victim)
    onEvicted?.({ policy: table.policy, key, exhausted: most === 0 })
  }

  function forget(table: Table, key: string | undefined): void {
    const index = key === undefined ? undefined : table.indexes.get(key)
    if (index !== undefined) removeAt(table, index)
    if (key !== undefined) return
    size -= table.keys.length
    table.indexes.clear()
    table.keys.length = 0
    table.states.length = 0
  }

  return {
    open(policy, algorithm) {
      let table = tables.find((other) => other.policy === policy && other.algorithm.kind === algorithm.kind)
      if (table === undefined) {
        table = { policy, algorithm, indexes: new Map(), keys: [], states: [], hand: 0 }
        tables.push(table)
      }
      if (algorithm.limit < table.algorithm.limit) table.algorithm = algorithm
      return table
    },
    tick(nowMs) {
      if ((++calls & 15) === 0) sweep(nowMs, 4)
    },
    add(table, key, state, nowMs) {
      table.indexes.set(key, table.keys.push(key) - 1)
      table.states.push(state)
      size++
      sweep(nowMs, 2)
      if (size > maxKeys) evict(nowMs)
    },
    forget,
    clear() {
      for (const table of tables) forget(table, undefined)
    },
  }
}
