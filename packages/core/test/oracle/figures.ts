/** The figures of an answer, each found by trying what it promises. */

import type { Rules } from './rules.ts'
import { firstMs, most } from './search.ts'

/** What there is to go by at `now`, as the asking parameters see it, and what is kept unless more is charged. */
export function look<P, S>(rules: Rules<P, S>, params: P, state: S, now: number): { kept: S; seen: S } {
  if (rules.over(state, now)) return { kept: state, seen: rules.nothing }
  const patience = Math.max(rules.windowMs(params), 60_000)
  const moved = (of: S): S => rules.moved(of, params, now, patience)
  // What was close enough may begin further ahead under other parameters.
  const kept = moved(rules.under(moved(state), params, now))
  return { kept, seen: rules.over(kept, now) ? rules.nothing : kept }
}

const mostOf = <P, S>(rules: Rules<P, S>, params: P): bigint =>
  rules.mostOf?.(params) ?? BigInt(rules.limit(params))

export function remainingOf<P, S>(rules: Rules<P, S>, params: P, seen: S, now: number): number {
  return Number(most(mostOf(rules, params), (cost) => rules.fits(seen, params, now, cost)))
}

/** The first wait after which the cost fits if nobody charges. */
export function waitOf<P, S>(rules: Rules<P, S>, params: P, seen: S, now: number, cost: bigint): number {
  if (cost === 0n) return 0
  if (cost > mostOf(rules, params)) return Infinity
  const fits = (t: number): boolean => rules.fits(rules.over(seen, t) ? rules.nothing : seen, params, t, cost)
  if (!rules.changes) return firstMs(now, fits)
  const first = [now, ...rules.changes(seen, params, now)].find(fits)
  return first === undefined ? Infinity : first - now
}

/** How long until nothing counts, or what the rules say instead. */
export function resetOf<P, S>(
  rules: Rules<P, S>,
  params: P,
  seen: S,
  now: number,
  retryAfterMs: number,
): number {
  if (rules.resetMs) return rules.resetMs(seen, params, now, retryAfterMs)
  return firstMs(now, (t) => rules.over(seen, t))
}
