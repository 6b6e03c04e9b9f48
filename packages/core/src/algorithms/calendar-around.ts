import type { Period } from './calendar.ts'

/** The period that holds an instant, and its neighbours. */
interface Around extends Period {
  /** Where the period before it begins. */
  readonly previous: number
  /** Where the next period ends. */
  readonly next: number
  /** When what is charged in it stops to matter: when it ends, or where quotas roll over when the second one after it does. */
  readonly until: number
}

/** A calendar as an algorithm looks at it. */
export interface CalendarAround {
  around(atMs: number): Around
  /** The same for the time of a call: kept until the period ends. */
  current(nowMs: number): Around
  /** Periods in a row, from edge to edge: from before the one that `nowMs` is in to the third after it. */
  edges(nowMs: number): number[]
  /** Where quotas roll over, the edge before those, and two more behind them; else three times 0. */
  outerEdges(edges: readonly number[]): number[]
}

/** Looks at a calendar: neighbours only where quotas roll over, for to ask it is slow. */
export function calendarAround(periods: (atMs: number) => Period, rollsOver: boolean): CalendarAround {
  const startBefore = (edge: number): number => periods(edge - 1).start
  const endAfter = (edge: number): number => periods(edge).end

  function around(atMs: number): Around {
    const { start, end } = periods(atMs)
    if (!rollsOver) return { start, end, previous: start, next: end, until: end }
    const next = endAfter(end)
    return { start, end, previous: startBefore(start), next, until: endAfter(next) }
  }

  /** An edge and those after it. */
  function edgesFrom(first: number, howMany: number): number[] {
    const edges = [first]
    while (edges.length < howMany) edges.push(endAfter(edges.at(-1) as number))
    return edges
  }

  let known: Around = { start: 0, end: 0, previous: 0, next: 0, until: 0 }
  function current(nowMs: number): Around {
    if (nowMs < known.start || nowMs >= known.end) known = around(nowMs)
    return known
  }

  return {
    around,
    current,
    edges(nowMs) {
      const { start, end } = current(nowMs)
      return [startBefore(start), start, ...edgesFrom(end, 4)]
    },
    outerEdges(edges) {
      if (!rollsOver) return [0, 0, 0]
      const [first = 0, last = 0] = [edges[0], edges.at(-1)]
      return [startBefore(first), ...edgesFrom(last, 3).slice(1)]
    },
  }
}
