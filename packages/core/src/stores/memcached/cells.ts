import type { Algorithm } from '../../algorithm.ts'
import { StoreError } from '../../store-error.ts'
import type { Kept } from '../judge.ts'
import type { Counters, Owed } from './counters.ts'
import type { Items } from './items.ts'
import type { Found } from './port.ts'

/** Who waits for an operation. */
export interface Caller {
  /** Whether it waits no longer: nothing is to be charged for it any more. */
  isOver: boolean
  /** When another process last changed a key before this could, on a monotonic clock. */
  beatenAt: number
}

/** Something to do to the state of one key. */
export interface Operation<T> {
  readonly caller: Caller
  readonly algorithm: Algorithm
  /** Whether all that it may do is to charge a single unit. */
  readonly isUnit?: boolean
  /** What was found just before, which saves to read it again. */
  readonly known?: Found | undefined
  /** Does it; again from the start, where another process changed the key in the meantime. */
  apply(kept: Kept, nowMs: number, found: Found | undefined): T
}

/** Does operations on keys. */
export type Swap = <T>(key: string, operation: Operation<T>) => Promise<T>

interface Pending {
  readonly operation: Operation<unknown>
  result: unknown
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** The longest that a try waits after it was beaten, in milliseconds. */
const LONGEST_PAUSE_MS = 16

/**
 * Makes operations on states that are swapped by `gets` and `cas`. While a swap of a key is under way, other
 * operations on it in this process wait, and are all made in the next one, in order. There is no bound to how many
 * wait, but to how long: who waits no longer is left out.
 */
export function createSwap(items: Items, counters: Counters, now: () => number): Swap {
  /** The operations that wait, by key; a key is there while a swap of it is under way. */
  const waiting = new Map<string, Pending[]>()

  /** Tries to count the operations without a swap. */
  function count(key: string, batch: readonly Pending[]): Promise<Owed | undefined> | undefined {
    const [first] = batch
    if (first === undefined || !batch.every(({ operation }) => operation.isUnit)) return undefined
    const nowMs = now()
    return counters.count(key, first.operation.algorithm, batch.length, (kept) => apply(batch, kept, nowMs))
  }

  /** Makes the operations that wait, in one swap. */
  async function serve(key: string, queue: Pending[]): Promise<void> {
    const { algorithm } = (queue[0] as Pending).operation
    let batch = waited(queue.splice(0))
    let counted: readonly Pending[] = []
    try {
      const owed = await count(key, batch)
      if (owed?.isApplied) {
        counted = batch
        batch = []
      }
      const units = owed?.units ?? 0
      for (let tries = 0; units + batch.length > 0; tries++) {
        const known = tries > 0 || owed ? undefined : batch.find(({ operation }) => operation.known)
        const loaded = await items.load(key, algorithm, known?.operation.known, owed)
        batch = waited([...batch, ...queue.splice(0)])
        const nowMs = now()
        apply(batch, loaded, nowMs, loaded)
        if (!loaded.isChanged || (await items.swap(key, algorithm, loaded, nowMs))) break
        for (const { operation } of batch) operation.caller.beatenAt = performance.now()
        await pause(tries)
        batch = waited(batch)
      }
      for (const { result, resolve } of [...counted, ...batch]) resolve(result)
    } catch (error) {
      for (const { reject } of [...counted, ...batch]) reject(error)
    }
  }

  async function serveAll(key: string, queue: Pending[]): Promise<void> {
    // What is asked for in the same turn is done in the same swap.
    await Promise.resolve()
    while (queue.length > 0) await serve(key, queue)
    waiting.delete(key)
  }

  return (key, operation) =>
    new Promise((resolve, reject) => {
      const pending = { operation, result: undefined, resolve, reject } as Pending
      const queue = waiting.get(key)
      if (queue) {
        queue.push(pending)
        return
      }
      const first = [pending]
      waiting.set(key, first)
      void serveAll(key, first)
    })
}

function apply(batch: readonly Pending[], kept: Kept, nowMs: number, found?: Found): void {
  for (const pending of batch) pending.result = pending.operation.apply(kept, nowMs, found)
}

/** Those who still wait. */
const waited = (batch: readonly Pending[]): Pending[] =>
  batch.filter(({ operation, reject }) => {
    if (operation.caller.isOver) reject(new StoreError('timeout', 'Memcached was not asked in time'))
    return !operation.caller.isOver
  })

/** Waits, the first time not at all, then for longer and longer, and everyone for another time. */
async function pause(tries: number): Promise<void> {
  if (tries === 0) return
  const ms = Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries)
  await new Promise((resolve) => setTimeout(resolve, ms))
}
