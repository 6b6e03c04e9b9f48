/** The figures of an answer, each found by trying what it promises. */

import type { Rules } from './rules.ts'
import { firstMs, most } from './search.ts'

export interface Sight<S> {
  /** As it is kept when nothing is charged. */
  readonly kept: S
  /** As the asking parameters see it. */
  readonly seen: S
}

export function look<P, S>(rules: Rules<P, S>, params: P, state: S, now: number): Sight<S> {
  if (rules.over(state, now)) return { kept: state, seen: rules.nothing }
  const kept = rules.moved(state, params, now, Math.max(rules.windowMs(params), 60_000))
  const seen = rules.under(kept, params, now)
  return { kept, seen: rules.over(seen, now) ? rules.nothing : seen }
}

export function remainingOf<P, S>(rules: Rules<P, S>, params: P, seen: S, now: number): number {
  return Number(most(BigInt(rules.limit(params)), (cost) => rules.fits(seen, params, now, cost)))
}

/**
 * What is seen at later times if nobody charges. Where the parameters have changed and nothing was charged since,
 * that is either what these parameters see now, growing older; or what they will see then of what is kept now.
 */
function futures<P, S>(rules: Rules<P, S>, params: P, { kept, seen }: Sight<S>): ((t: number) => S)[] {
  const older = (t: number): S => (rules.over(seen, t) ? rules.nothing : seen)
  return kept === seen ? [older] : [older, (t) => look(rules, params, kept, t).seen]
}

/** The first waits after which the cost fits. */
export function waitsOf<P, S>(
  rules: Rules<P, S>,
  params: P,
  sight: Sight<S>,
  now: number,
  cost: bigint,
): number[] {
  if (cost === 0n) return [0]
  if (cost > BigInt(rules.limit(params))) return [Infinity]
  const waits = futures(rules, params, sight).map((seenAt) =>
    firstMs(now, (t) => rules.fits(seenAt(t), params, t, cost)),
  )
  return [...new Set(waits)]
}

/** How long until nothing counts, or what the rules say instead. */
export function resetsOf<P, S>(
  rules: Rules<P, S>,
  params: P,
  sight: Sight<S>,
  now: number,
  retryAfterMs: number,
): number[] {
  if (rules.resetMs) return [rules.resetMs(sight.seen, params, now, retryAfterMs)]
  const resets = futures(rules, params, sight).map((seenAt) => firstMs(now, (t) => rules.over(seenAt(t), t)))
  return [...new Set(resets)]
}
