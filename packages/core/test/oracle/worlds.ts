/** Follows one key through its history, and says of each answer whether it is a right one. */

import type { Answer } from '../../src/algorithm.ts'
import type { ChargeKind } from '../../src/store.ts'
import { look, remainingOf, resetsOf, waitsOf } from './figures.ts'
import type { Rules } from './rules.ts'

export interface Asked {
  readonly kind: ChargeKind
  readonly cost: number
  readonly at: number
  readonly upTo: number
}

/** An answer, and the cost as the store left it. */
export type Costed = Answer & { readonly cost: number }

/** What a charge may say, and what may be known of the key after the call. */
interface Outcome<S> {
  readonly answers: readonly Costed[]
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
  const sight = look(rules, params, state, now)
  const { kept, seen } = sight
  const uncharged = (retryAfterMs: number): Costed[] =>
    resetsOf(rules, params, sight, now, retryAfterMs).map((resetMs) => {
      const remaining = remainingOf(rules, params, seen, now)
      return { allowed: retryAfterMs === 0, retryAfterMs, remaining, resetMs, cost: asked.cost }
    })
  if (asked.kind === 'refund') {
    const after = rules.over(seen, now)
      ? seen
      : rules.refunded(seen, params, now, BigInt(asked.cost), asked.at)
    const touched = rules.touched?.(after, now) ?? after
    const charged = chargedAnswer(rules, params, after, now, {
      allowed: true,
      retryAfterMs: 0,
      cost: asked.cost,
    })
    // Where nothing was given back, it is left open whether the state was brought up to the time and parameters.
    if (text(after) !== text(seen)) return { answers: [charged], states: [after, touched] }
    return { answers: [charged, ...uncharged(0)], states: [kept, seen, touched] }
  }
  const waits = waitsOf(rules, params, sight, now, BigInt(asked.cost))
  const allowed = waits[0] === 0
  const charges = agreed && asked.cost > 0 && (asked.kind === 'force' || (allowed && asked.kind !== 'ask'))
  if (!charges) return { answers: waits.flatMap(uncharged), states: [kept] }
  const eighth = Math.floor(remainingOf(rules, params, seen, now) / 8)
  const cost = Math.max(asked.cost, Math.min(asked.upTo, eighth))
  const after = rules.charged(seen, params, now, BigInt(cost))
  const answers = waits.map((retryAfterMs) =>
    chargedAnswer(rules, params, after, now, { allowed, retryAfterMs, cost }),
  )
  return { answers, states: [after] }
}

/** Whether the cost fitted is told from before the charge, the rest from after it. */
function chargedAnswer<P, S>(
  rules: Rules<P, S>,
  params: P,
  after: S,
  now: number,
  before: Pick<Costed, 'allowed' | 'retryAfterMs' | 'cost'>,
): Costed {
  const [resetMs] = resetsOf(rules, params, { kept: after, seen: after }, now, 0) as [number]
  return { ...before, remaining: remainingOf(rules, params, after, now), resetMs }
}

/** Whether a key that was over had been removed by then is the one thing that a history may hide. */
function worlds<P, S>(rules: Rules<P, S>, states: readonly S[], now: number): S[] {
  const all = states.some((state) => rules.over(state, now)) ? [...states, rules.nothing] : states
  return [...new Map(all.map((state) => [text(state), state])).values()]
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field))

const isAmong = (answers: readonly Costed[], got: Costed): boolean =>
  answers.some((answer) => shown(answer) === shown(got))

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
      const right = got ? outcomes.filter(({ answers }) => isAmong(answers, got)) : outcomes
      // Nor is it known whether a key that this call left over has been removed.
      states = worlds(rules, right.flatMap((one) => one.states), now)
      if (right.length > 0 || !got) return undefined
      const expected = new Set(outcomes.flatMap(({ answers }) => answers.map(shown)))
      return `expected ${[...expected].join('\n      or ')}\n     got ${shown(got)}`
    },
  }
}

export function shown({ allowed, remaining, retryAfterMs, resetMs, cost }: Costed): string {
  const verdict = allowed ? 'allowed' : 'denied'
  return `${verdict} cost ${cost} remaining ${remaining} retryAfterMs ${retryAfterMs} resetMs ${resetMs}`
}
