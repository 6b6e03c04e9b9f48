import type { Algorithm, Answer } from '../algorithm.ts'

/** A key that `maxKeys` made the memory store forget. */
export interface Evicted {
  readonly policy: string
  readonly key: string
  /** Whether the key had nothing left: all that were sampled had nothing left. */
  readonly exhausted: boolean
}

/** The states of one policy name and one kind of algorithm, by key. */
export interface Table {
  readonly policy: string
  /** The one with the lowest limit, where there are several: by it keys are judged that have to go. */
  algorithm: Algorithm
  readonly states: Map<string, object>
  /** Goes round the keys: sweeping and sampling go on where the last ended. */
  hand: Iterator<[string, object]>
}

export interface Tables {
  open(policy: string, algorithm: Algorithm): Table
  /** Counts a call, and sweeps a few keys every few calls. */
  tick(nowMs: number): void
  add(table: Table, key: string, state: object, nowMs: number): void
  forget(table: Table, key: string | undefined): void
  clear(): void
}

const SAMPLE = 16

/**
 * All keys of a memory store, bounded by `maxKeys`.
 *
 * Sweeping is paid by calls: four keys every sixteenth call and two for each new key, so that a full round comes
 * before the table has grown by half. A map's own first key is no queue: it crawls over what was deleted.
 */
export function createTables(maxKeys: number, onEvicted?: (evicted: Evicted) => void): Tables {
  const tables: Table[] = []
  let size = 0
  let calls = 0
  let turn = 0

  function remove(table: Table, key: string): void {
    if (table.states.delete(key)) size--
  }

  /** The next entry of a table; `undefined` once a round. */
  function next(table: Table): [string, object] | undefined {
    const step = table.hand.next()
    if (step.done !== true) return step.value
    table.hand = table.states.entries()
    return undefined
  }

  function sweep(nowMs: number, howMany: number): void {
    const table = tables[turn++ % tables.length] as Table
    for (let left = howMany; left > 0; left--) {
      const entry = next(table)
      if (entry === undefined) return
      if (table.algorithm.ttlMs(entry[1], nowMs) <= 0) remove(table, entry[0])
    }
  }

  function evict(nowMs: number): void {
    const table = tables.reduce((largest, other) =>
      other.states.size > largest.states.size ? other : largest,
    )
    const { algorithm } = table
    const answer: Answer = { allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 0 }
    let victim: { key: string; remaining: number; resetMs: number } | undefined
    for (let left = Math.min(SAMPLE, table.states.size); left > 0; left--) {
      const entry = next(table) ?? next(table)
      if (entry === undefined) return
      const [key, state] = entry
      if (algorithm.ttlMs(state, nowMs) <= 0) return remove(table, key)
      // A copy, because the key may be one of another plan; adopting replaces a state's lists, but leaves them as they are.
      const copy = { ...state }
      algorithm.adopt(copy, nowMs)
      algorithm.look(copy, nowMs, 0, answer)
      const { remaining, resetMs } = answer
      const better =
        victim === undefined ||
        remaining > victim.remaining ||
        (remaining === victim.remaining && resetMs < victim.resetMs)
      if (better) victim = { key, remaining, resetMs }
    }
    if (victim === undefined) return
    remove(table, victim.key)
    onEvicted?.({ policy: table.policy, key: victim.key, exhausted: victim.remaining === 0 })
  }

  return {
    open(policy, algorithm) {
      const known = tables.find((table) => table.policy === policy && table.algorithm.kind === algorithm.kind)
      if (known !== undefined) {
        if (algorithm.limit < known.algorithm.limit) known.algorithm = algorithm
        return known
      }
      const states = new Map<string, object>()
      const table = { policy, algorithm, states, hand: states.entries() }
      tables.push(table)
      return table
    },
    tick(nowMs) {
      if ((++calls & 15) === 0) sweep(nowMs, 4)
    },
    add(table, key, state, nowMs) {
      table.states.set(key, state)
      size++
      sweep(nowMs, 2)
      if (size > maxKeys) evict(nowMs)
    },
    forget(table, key) {
      if (key !== undefined) return remove(table, key)
      size -= table.states.size
      table.states.clear()
    },
    clear() {
      for (const table of tables) table.states.clear()
      size = 0
    },
  }
}
