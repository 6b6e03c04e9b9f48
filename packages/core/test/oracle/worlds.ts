/** Follows one key through its history, and says of each answer whether it is the right one. */

import type { Answer } from '../../src/algorithm.ts'
import type { ChargeKind } from '../../src/store.ts'
import type { Rules } from './rules.ts'
import { firstMs, most } from './search.ts'

export interface Asked {
  readonly kind: ChargeKind
  readonly cost: number
  readonly at: number
  readonly upTo: number
}

/** What the charge says, and what is known of the key after the call. */
interface Outcome<S> {
  readonly answer: Answer & { cost: number }
  readonly states: readonly S[]
}

interface Sight<S> {
  /** As it is kept when nothing is charged. */
  readonly kept: S
  /** As the asking parameters see it. */
  readonly seen: S
}

function look<P, S>(rules: Rules<P, S>, params: P, state: S, now: number): Sight<S> {
  if (rules.over(state, now)) return { kept: state, seen: rules.nothing }
  const kept = rules.moved(state, params, now, Math.max(rules.windowMs(params), 60_000))
  const seen = rules.under(kept, params, now)
  return { kept, seen: rules.over(seen, now) ? rules.nothing : seen }
}

/** The first wait after which the cost fits if nobody else charges. */
function waitOf<P, S>(rules: Rules<P, S>, params: P, state: S, now: number, cost: bigint): number {
  if (cost === 0n) return 0
  if (cost > BigInt(rules.limit(params))) return Infinity
  return firstMs(now, (t) => rules.fits(look(rules, params, state, t).seen, params, t, cost))
}

function figures<P, S>(rules: Rules<P, S>, params: P, state: S, now: number, retryAfterMs: number): Answer {
  const { seen } = look(rules, params, state, now)
  const limit = BigInt(rules.limit(params))
  const resetMs = rules.resetMs
    ? rules.resetMs(seen, params, now, retryAfterMs)
    : firstMs(now, (t) => rules.over(look(rules, params, seen, t).seen, t))
  const remaining = Number(most(limit, (cost) => rules.fits(seen, params, now, cost)))
  return { allowed: retryAfterMs === 0, retryAfterMs, remaining, resetMs }
}

/** What one charge of a call comes to, once it is known whether all that may veto the call agree. */
function outcome<P, S>(rules: Rules<P, S>, params: P, state: S, now: number, asked: Asked, agreed: boolean): Outcome<S> {
  const { kept, seen } = look(rules, params, state, now)
  if (asked.kind === 'refund') {
    const after = rules.over(seen, now) ? seen : rules.refunded(seen, params, now, BigInt(asked.cost), asked.at)
    const touched = rules.touched?.(after, now) ?? after
    // Where nothing was given back, it is left open whether the state was brought up to the time and parameters.
    const states = text(after) === text(seen) ? [kept, seen, touched] : [after, touched]
    return { answer: { ...figures(rules, params, after, now, 0), cost: asked.cost }, states }
  }
  const retryAfterMs = waitOf(rules, params, seen, now, BigInt(asked.cost))
  const fits = retryAfterMs === 0
  const charges = agreed && asked.kind !== 'ask' && (fits || asked.kind === 'force')
  if (!charges || asked.cost === 0) {
    return { answer: { ...figures(rules, params, kept, now, retryAfterMs), cost: asked.cost }, states: [kept] }
  }
  const eighth = Math.floor(figures(rules, params, kept, now, 0).remaining / 8)
  const cost = Math.max(asked.cost, Math.min(asked.upTo, eighth))
  const after = rules.charged(seen, params, now, BigInt(cost))
  return { answer: { ...figures(rules, params, after, now, 0), allowed: fits, retryAfterMs, cost }, states: [after] }
}

/** The one difference that a history may hide: whether a key that was over had been removed by then. */
function worlds<P, S>(rules: Rules<P, S>, states: readonly S[], now: number): S[] {
  const all = states.some((state) => rules.over(state, now)) ? [...states, rules.nothing] : states
  const distinct = new Map(all.map((state) => [text(state), state]))
  return [...distinct.values()]
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field))

const same = (a: Answer & { cost: number }, b: Answer & { cost: number }): boolean =>
  a.allowed === b.allowed &&
  a.remaining === b.remaining &&
  a.retryAfterMs === b.retryAfterMs &&
  a.resetMs === b.resetMs &&
  a.cost === b.cost

export interface Watch<P> {
  /** What may be right, one answer or few; nothing when `got` is among them. The key's story goes on from there. */
  check(params: P, now: number, asked: Asked, agreed: boolean, got: Answer & { cost: number }): string | undefined
}

export function watch<P, S>(rules: Rules<P, S>): Watch<P> {
  let states: readonly S[] = [rules.nothing]
  return {
    check(params, now, asked, agreed, got) {
      const outcomes = worlds(rules, states, now).map((state) => outcome(rules, params, state, now, asked, agreed))
      states = outcomes.filter(({ answer }) => same(answer, got)).flatMap((right) => right.states)
      if (states.length > 0) return undefined
      return `expected ${outcomes.map(({ answer }) => shown(answer)).join(' or ')}, got ${shown(got)}`
    },
  }
}

export function shown({ allowed, remaining, retryAfterMs, resetMs, cost }: Answer & { cost: number }): string {
  const verdict = allowed ? 'allowed' : 'denied'
  return `${verdict} cost ${cost} remaining ${remaining} retryAfterMs ${retryAfterMs} resetMs ${resetMs}`
}
