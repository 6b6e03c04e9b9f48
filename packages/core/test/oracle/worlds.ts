/** Follows one key through its history, and says of each answer whether it is the right one. */

import type { Answer } from '../../src/algorithm.ts'
import type { ChargeKind } from '../../src/store.ts'
import { look, remainingOf, resetOf, waitOf } from './figures.ts'
import type { Rules } from './rules.ts'

interface Asked {
  readonly kind: ChargeKind
  readonly cost: number
  readonly at: number
  readonly upTo: number
}

/** An answer, and the cost as the store left it. */
export type Costed = Answer & { readonly cost: number }

/** What a charge says, and what may be known of the key after the call. */
interface Outcome<S> {
  readonly answer: Costed
  readonly states: readonly S[]
}

/** What one charge of a call comes to, once it is known whether all that may veto the call agree. */
function outcome<P, S>(
  rules: Rules<P, S>,
  params: P,
  state: S,
  now: number,
  asked: Asked,
  agreed: boolean,
): Outcome<S> {
  if (asked.kind === 'refund') return undone(rules, params, state, now, asked)
  const { kept, seen } = look(rules, params, state, now)
  const retryAfterMs = waitOf(rules, params, seen, now, BigInt(asked.cost))
  const before = { allowed: retryAfterMs === 0, retryAfterMs }
  const remaining = remainingOf(rules, params, seen, now)
  const charges = agreed && (asked.kind === 'force' || (before.allowed && asked.kind !== 'ask'))
  if (!charges || asked.cost === 0) {
    const resetMs = resetOf(rules, params, seen, now, retryAfterMs)
    // Who asks for nothing leaves everything as it was; who is refused has it moved and converted all the same.
    const asks = asked.kind === 'ask' || asked.cost === 0
    const answer = { ...before, remaining, resetMs, ...quotaOf(rules, params, seen, now), cost: asked.cost }
    return { answer, states: [asks ? state : kept] }
  }
  const cost = Math.max(asked.cost, Math.min(asked.upTo, Math.floor(remaining / 8)))
  const after = rules.charged(seen, params, now, BigInt(cost))
  return { answer: { ...before, ...figures(rules, params, after, now), cost }, states: [after] }
}

/** A refund needs nobody's leave, and is made under the parameters that the state was counted under. */
function undone<P, S>(rules: Rules<P, S>, params: P, state: S, now: number, { cost, at }: Asked): Outcome<S> {
  const after = rules.over(state, now) ? state : rules.refunded(state, now, BigInt(cost), at)
  const { seen } = look(rules, params, after, now)
  const answer = { allowed: true, retryAfterMs: 0, ...figures(rules, params, seen, now), cost }
  // It is left open whether a refund brings the state up to the time, also where nothing was given back.
  return { answer, states: [after, rules.touched?.(after, now) ?? after] }
}

/** Those of nothing being asked. */
function figures<P, S>(
  rules: Rules<P, S>,
  params: P,
  state: S,
  now: number,
): Pick<Answer, 'remaining' | 'resetMs' | 'limit'> {
  return {
    remaining: remainingOf(rules, params, state, now),
    resetMs: resetOf(rules, params, state, now, 0),
    ...quotaOf(rules, params, state, now),
  }
}

/** Told only where quotas move. */
function quotaOf<P, S>(rules: Rules<P, S>, params: P, seen: S, now: number): Pick<Answer, 'limit'> {
  const quota = rules.quota?.(seen, params, now)
  return quota === undefined ? {} : { limit: Number(quota) }
}

/** Whether a key that was over had been removed by then is the one thing that a history may hide. */
function worlds<P, S>(rules: Rules<P, S>, states: readonly S[], now: number): S[] {
  const all = states.some((state) => rules.over(state, now)) ? [...states, rules.nothing] : states
  return [...new Map(all.map((state) => [text(state), state])).values()]
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field))

export interface Watch<P> {
  /**
   * What may be right, one answer or few; nothing when `got` is among them. The key's story goes on from there.
   * Without `got` any answer is right.
   */
  check(params: P, now: number, asked: Asked, agreed: boolean, got?: Costed): string | undefined
  /** The store was called about something else, and may have swept. */
  passed(now: number): void
}

export function watch<P, S>(rules: Rules<P, S>): Watch<P> {
  let states: readonly S[] = [rules.nothing]
  return {
    passed(now) {
      states = worlds(rules, states, now)
    },
    check(params, now, asked, agreed, got) {
      const outcomes = worlds(rules, states, now).map((state) =>
        outcome(rules, params, state, now, asked, agreed),
      )
      const right = got ? outcomes.filter(({ answer }) => shown(answer) === shown(got)) : outcomes
      // Nor is it known whether a key that this call left over has been removed.
      states = worlds(
        rules,
        right.flatMap((one) => one.states),
        now,
      )
      if (right.length > 0 || !got) return undefined
      const expected = new Set(outcomes.map(({ answer }) => shown(answer)))
      return `expected ${[...expected].join('\n      or ')}\n     got ${shown(got)}`
    },
  }
}

export function shown({ allowed, remaining, retryAfterMs, resetMs, cost, limit }: Costed): string {
  const verdict = allowed ? 'allowed' : 'denied'
  const quota = limit === undefined ? '' : ` of ${limit}`
  return `${verdict} cost ${cost} remaining ${remaining}${quota} retryAfterMs ${retryAfterMs} resetMs ${resetMs}`
}
