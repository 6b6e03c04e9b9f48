/** Random calls that charge several policies at once, each under one of two keys. */

import fc from 'fast-check'
import type { Answer, Algorithm } from '../src/algorithm.ts'
import { costs, gaps, moves, starts, type Back, type Cost, type Gap, type Move } from './histories.ts'
import { anyPolicy, type AnyPolicy } from './any-policy.ts'
import { kindOf, movedClock, unitsOf, type Call } from './walk.ts'

interface Part {
  readonly policy: number
  readonly key: 'a' | 'b'
  readonly move: Move
  readonly cost: Cost
  readonly receipt: number
}

export interface Calls {
  readonly policies: readonly AnyPolicy[]
  readonly start: number
  readonly calls: readonly { readonly gap: Gap; readonly parts: readonly Part[] }[]
}

const part: fc.Arbitrary<Part> = fc.record({
  policy: fc.integer({ min: 0, max: 3 }),
  key: fc.constantFrom('a', 'b'),
  move: moves,
  cost: costs,
  receipt: fc.integer({ min: 0, max: 2 }),
})

export const callsOf = (back: Back): fc.Arbitrary<Calls> =>
  fc.record({
    policies: fc.array(anyPolicy, { minLength: 1, maxLength: 4 }),
    start: starts,
    calls: fc.array(fc.record({ gap: gaps(back), parts: fc.array(part, { minLength: 1, maxLength: 4 }) }), {
      minLength: 1,
      maxLength: 10,
    }),
  })

/** One charge of a call, still to be put before a store. */
export interface Asking extends Omit<Call, 'variant'> {
  readonly policy: number
  readonly key: string
}

/** What came of it: the answer, and the units that were taken. */
export interface Came extends Answer {
  readonly charged: number
}

/** Hands the calls to `make` one by one; no call charges the same key of a policy twice. */
export function walkCalls(
  { policies, start, calls }: Calls,
  make: (call: readonly Asking[]) => readonly Came[],
): void {
  const receipts: { id: string; at: number; cost: number }[] = []
  let now = start
  let last: Answer = { allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 0 }
  for (const { gap, parts } of calls) {
    const algorithmOf = (policy: number): Algorithm =>
      (policies[policy % policies.length] as AnyPolicy).algorithm
    now = movedClock(now, gap, algorithmOf(parts[0]?.policy ?? 0), last)
    const asked = new Map<string, Asking>()
    for (const { policy, key, move, cost, receipt } of parts) {
      const index = policy % policies.length
      const id = `${index} ${key}`
      const algorithm = algorithmOf(index)
      const asks = unitsOf(cost, algorithm, last)
      const kind = kindOf(move, algorithm, asks)
      const undone = receipts.filter((one) => one.id === id).at(-1 - receipt)
      if (asked.has(id) || (kind === 'refund' && !undone)) continue
      const units = kind === 'refund' && undone ? undone.cost : asks
      const at = kind === 'refund' && undone ? undone.at : 0
      asked.set(id, {
        policy: index,
        key,
        now,
        kind,
        cost: units,
        at,
        upTo: move === 'lease' ? units * 4 + 3 : 0,
      })
    }
    const ids = [...asked.keys()]
    const came = make([...asked.values()])
    came.forEach(({ charged }, index) => {
      if (charged > 0) receipts.push({ id: ids[index] as string, at: now, cost: charged })
    })
    last = came[0] ?? last
  }
}
