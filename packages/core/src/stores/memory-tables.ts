import type { Algorithm, Answer } from '../algorithm.ts'
import { comesBefore } from '../decision.ts'

/** A key that `maxKeys` made the memory store forget. */
export interface Evicted {
  readonly policy: string
  readonly key: string
  /** Whether the key had nothing left: all that were sampled had nothing left. */
  readonly exhausted: boolean
}

/** One plan of a policy: the limit and window by which its keys are judged. */
export interface Table {
  readonly policy: string
  readonly algorithm: Algorithm
  /** The keys of all plans of the policy that have one kind of algorithm. */
  readonly entries: Map<string, Entry>
}

/** A key with its state, and where it stands among all keys. */
interface Entry {
  /** The plan that it was charged under last. */
  table: Table
  readonly key: string
  readonly state: object
  /** Where it stands; below 0 for what is neither swept nor evicted. */
  index: number
  /** The ids of what was granted to it, where that can be. */
  readonly ids?: Set<string>
}

export interface Tables {
  open(policy: string, algorithm: Algorithm): Table
  /** Counts a call, and sweeps a few keys every few calls. */
  tick(nowMs: number): void
  /** Keeps a key that was charged under a plan, or granted something: then for as long as nobody forgets it. */
  keep(table: Table, key: string, state: object, nowMs: number): void
  /** Forgets one key, or all of a table. */
  forget(table: Table, key: string | undefined): void
  clear(): void
}

const SAMPLE = 16

/** So many plans of a policy are told apart; a limit that is computed for each request must not fill memory. */
const MOST_PLANS = 99

/**
 * All keys of a memory store, bounded by `maxKeys`.
 *
 * Sweeping is paid by calls: four keys every sixteenth call and two for each new key, so that a full round comes
 * before there are half as many again. What goes is chosen from a random sample: in any order that keys have, those
 * that stay would gather where the next sample is taken.
 */
export function createTables(maxKeys: number, onEvicted?: (evicted: Evicted) => void): Tables {
  const tables: Table[] = []
  /** Of all tables, in no order. */
  const all: Entry[] = []
  let calls = 0
  let hand = 0

  /** The last takes the place of the one that goes. */
  function remove({ table, key, index }: Entry): void {
    table.entries.delete(key)
    if (index < 0) return
    const last = all.pop() as Entry
    if (last.index === index) return
    last.index = index
    all[index] = last
  }

  function sweep(nowMs: number, howMany: number): void {
    for (let left = howMany; left > 0 && all.length > 0; left--) {
      // Downwards, so that what takes the place of one that goes has been looked at.
      if (--hand < 0 || hand >= all.length) hand = all.length - 1
      const entry = all[hand] as Entry
      if (entry.table.algorithm.ttlMs(entry.state, nowMs) <= 0) remove(entry)
    }
  }

  function evict(nowMs: number): void {
    let victim: { entry: Entry; seen: Answer } | undefined
    for (let at = 0; at < SAMPLE && at < all.length; at++) {
      const entry = all[all.length > SAMPLE ? Math.floor(Math.random() * all.length) : at] as Entry
      const { algorithm } = entry.table
      // A copy, because the key may be one of another plan.
      const state = { ...entry.state }
      const seen = {} as Answer
      algorithm.adopt(state, nowMs)
      algorithm.look(state, nowMs, 0, seen)
      // Limits differ in size: what counts is the part that remains of its own.
      seen.remaining /= algorithm.limit || 1
      if (victim === undefined || comesBefore(victim.seen, seen)) victim = { entry, seen }
    }
    // There is one: this is called where there are too many.
    const { entry, seen } = victim as { entry: Entry; seen: Answer }
    remove(entry)
    onEvicted?.({ policy: entry.table.policy, key: entry.key, exhausted: seen.remaining === 0 })
  }

  return {
    open(policy, algorithm) {
      const same = tables.filter(
        (other) => other.policy === policy && other.algorithm.kind === algorithm.kind,
      )
      let table =
        same.find(
          ({ algorithm: { limit, windowMs } }) =>
            limit === algorithm.limit && windowMs === algorithm.windowMs,
        ) ?? same[MOST_PLANS]
      if (!table)
        tables.push((table = { policy, algorithm, entries: same[0]?.entries ?? new Map<string, Entry>() }))
      return table
    },
    tick(nowMs) {
      if ((++calls & 15) === 0) sweep(nowMs, 4)
    },
    keep(table, key, state, nowMs) {
      const entry = table.entries.get(key)
      if (entry) {
        entry.table = table
        return
      }
      if (table.algorithm.lasting) {
        if (table.algorithm.ttlMs(state, nowMs) > 0)
          table.entries.set(key, { table, key, state, index: -1, ids: new Set() })
        return
      }
      table.entries.set(key, (all[all.length] = { table, key, state, index: all.length }))
      sweep(nowMs, 2)
      if (all.length > maxKeys) evict(nowMs)
    },
    forget({ entries }, key) {
      for (const entry of key === undefined ? entries.values() : [entries.get(key)])
        if (entry !== undefined) remove(entry)
    },
    clear() {
      for (const { entries } of tables) entries.clear()
      all.length = 0
    },
  }
}
