import { isDue, sleep, type Turn } from './turns.ts'
import type { Waiter } from './waiter.ts'

/** Those who sleep until turns are due. */
export interface Sleepers {
  /** Lets a waiter sleep until its turn, or that of somebody in front who gives up. Wakes it at once where it is due. */
  add(waiter: Waiter, turn: Turn): void
  /**
   * Lets a waiter go: those behind it who are charged as much move up by one. Gives the turn that is left over; nothing
   * where others sleep behind that: whoever came next would pass beside them, and more than a bucket lets out.
   */
  leave(waiter: Waiter): Turn | undefined
  /** Passes on the turn of somebody who did not sleep any more. Gives the turn that is left over, as `leave` does. */
  passOn(turn: Turn, costs: string): Turn | undefined
  /** Lets all go. Gives their turns, the last one first. */
  end(): Turn[]
}

/** Some in a row who are charged as much, and as many turns in their order: the first is for who came first. */
interface Row {
  readonly costs: string
  readonly waiters: Set<Waiter>
  readonly turns: Turn[]
  stopTimer(): void
}

/**
 * Sleepers with one timer for all in a row: who leaves costs the same however many sleep behind it.
 * @param wake called with a waiter, and the turn that it has
 */
export function createSleepers(wake: (waiter: Waiter, turn: Turn) => void): Sleepers {
  /** In the order of their turns. */
  const rows = new Set<Row>()
  let last: Row | undefined
  const rowOf = new Map<Waiter, Row>()

  function newRow(costs: string): Row {
    const row: Row = { costs, waiters: new Set(), turns: [], stopTimer: () => undefined }
    rows.add(row)
    last = row
    return row
  }

  function setTimer(row: Row): void {
    row.stopTimer()
    const [next] = row.turns
    if (next) row.stopTimer = sleep(next.dueAt, () => wakeAll(row))
    else {
      rows.delete(row)
      if (last === row) last = [...rows].at(-1)
    }
  }

  /** Wakes those of a row whose turns are due. */
  function wakeAll(row: Row): void {
    do {
      const turn = row.turns.shift() as Turn
      const waiter = row.waiters.values().next().value as Waiter
      row.waiters.delete(waiter)
      rowOf.delete(waiter)
      wake(waiter, turn)
    } while (row.turns[0] && isDue(row.turns[0].dueAt))
    setTimer(row)
  }

  /** Puts a turn among those of a row. Clocks are rounded, so it need not be the last. */
  function insert({ turns }: Row, turn: Turn): void {
    let index = turns.length
    while (index > 0 && (turns[index - 1] as Turn).dueAt > turn.dueAt) index--
    turns.splice(index, 0, turn)
  }

  return {
    add(waiter, turn) {
      if (isDue(turn.dueAt)) return wake(waiter, turn)
      const row = last?.costs === waiter.costs ? last : newRow(waiter.costs)
      row.waiters.add(waiter)
      rowOf.set(waiter, row)
      insert(row, turn)
      if (row.turns[0] === turn) setTimer(row)
    },
    leave(waiter) {
      const row = rowOf.get(waiter)
      if (!row) return undefined
      row.waiters.delete(waiter)
      rowOf.delete(waiter)
      const left = row.turns.pop()
      const isLast = row === last
      if (row.turns.length === 0) setTimer(row)
      return isLast ? left : undefined
    },
    passOn(turn, costs) {
      for (const row of rows) {
        if ((row.turns.at(-1) as Turn).dueAt < turn.dueAt) continue
        // Nor may who is charged otherwise move up.
        if (row.costs !== costs) return undefined
        insert(row, turn)
        const left = row.turns.pop()
        setTimer(row)
        return row === last ? left : undefined
      }
      return turn
    },
    end() {
      const turns = [...rows].flatMap((row) => {
        row.stopTimer()
        return row.turns
      })
      rows.clear()
      last = undefined
      rowOf.clear()
      return turns.toReversed()
    },
  }
}
