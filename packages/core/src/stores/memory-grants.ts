import type { Answer } from '../algorithm.ts'
import type { Grant } from '../store.ts'
import type { Table, Tables } from './memory-tables.ts'

/** Adds units to a key in memory, unless it was granted some under this id, and tells what there is then. */
export function grantIn(
  tables: Tables,
  table: Table,
  key: string,
  units: number,
  id: string,
  nowMs: number,
): Grant {
  const { algorithm, entries } = table
  const kept = entries.get(key)
  const state = kept?.state ?? algorithm.fresh(nowMs)
  const granted = !kept?.ids?.has(id)
  if (granted) {
    algorithm.add?.(state, units)
    tables.keep(table, key, state, nowMs)
    entries.get(key)?.ids?.add(id)
  }
  const told = {} as Answer
  algorithm.look(state, nowMs, 0, told)
  return { granted, limit: told.limit ?? algorithm.limit, remaining: told.remaining }
}
