/** Turns the steps of a random history into calls at instants, and keeps what they were answered. */

import type { Algorithm, Answer } from '../src/algorithm.ts'
import type { ChargeKind } from '../src/store.ts'
import type { Cost, Gap, History, Move } from './histories.ts'

export interface Call {
  readonly now: number
  readonly variant: number
  readonly kind: ChargeKind
  readonly cost: number
  readonly at: number
  readonly upTo: number
}

/** What a call was answered; `charged` is what was taken, 0 when nothing was. */
export interface Told extends Answer {
  readonly charged: number
}

/** The year 8307: years of five digits are written otherwise. */
const LAST = 200_000_000_000_000

export const patienceOf = ({ windowMs }: Algorithm): number => Math.max(windowMs, 60_000)

export function movedClock(now: number, [by, n, off]: Gap, algorithm: Algorithm, last: Answer): number {
  const ms = {
    ms: n,
    window: Math.floor((n * algorithm.windowMs) / 10),
    wait: last.retryAfterMs === Infinity ? 0 : last.retryAfterMs,
    reset: last.resetMs,
    back: -n,
    patience: -Math.floor((n * patienceOf(algorithm)) / 4),
  }[by]
  const back = by === 'back' || by === 'patience'
  const then = now + (back ? ms + off : Math.max(0, ms + off))
  return then < 0 || then > LAST ? now : then
}

export function unitsOf([of, n, off]: Cost, algorithm: Algorithm, last: Answer): number {
  const units = {
    units: n,
    limit: Math.floor((algorithm.limit / 4) * n),
    remaining: last.remaining,
  }[of]
  return Math.min(Math.max(units + off, 0), Number.MAX_SAFE_INTEGER)
}

/** Debts near 2^53 are nobody's promise. */
export function kindOf(move: Move, algorithm: Algorithm, cost: number): ChargeKind {
  if (move === 'lease') return 'take'
  const { kind, limit } = algorithm
  // Buckets count in parts of a unit.
  const [, unit = 1] = kind === 'tokenBucket' ? algorithm.args(0) : []
  const isHuge = Math.max(limit, cost) > 2 ** 40 || cost * unit > 2 ** 48
  return move === 'force' && isHuge ? 'take' : move
}

export function walk<P>(
  history: History<P>,
  algorithms: readonly Algorithm[],
  make: (call: Call) => Told,
): void {
  const receipts: { at: number; cost: number }[] = []
  let now = history.start
  let last: Answer = { allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 0 }
  for (const step of history.steps) {
    const variant = step.variant % algorithms.length
    const algorithm = algorithms[variant] as Algorithm
    now = movedClock(now, step.gap, algorithm, last)
    let cost = unitsOf(step.cost, algorithm, last)
    const kind = kindOf(step.move, algorithm, cost)
    const receipt = receipts.at(-1 - step.receipt)
    if (kind === 'refund') {
      if (!receipt) continue
      cost = step.cost[1] % 3 === 0 ? Math.min(cost, receipt.cost) : receipt.cost
    }
    const upTo = step.move === 'lease' ? cost * 4 + 3 : 0
    const told = make({ now, variant, kind, cost, at: kind === 'refund' && receipt ? receipt.at : 0, upTo })
    if (told.charged > 0) receipts.push({ at: now, cost: told.charged })
    last = told
  }
}
