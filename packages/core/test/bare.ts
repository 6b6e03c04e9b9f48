/** One algorithm and the state of one key, kept as a store has to keep it: for laws that need copies of a state. */

import type { Algorithm, Answer } from '../src/algorithm.ts'

export interface Bare {
  /** Changes nothing. */
  ask(now: number, cost: number): Answer
  /** Charges if it fits. */
  take(now: number, cost: number): Answer
  /** Charges whether it fits or not. */
  force(now: number, cost: number): void
  refund(now: number, cost: number, at: number): void
  /** Moves and converts as whoever charges or is refused does, and tells whether there was need to. */
  adopt(now: number): boolean
  /** 0 for a key never seen. */
  ttlMs(now: number): number
  /** Nothing for a key never seen. */
  text(): string | undefined
  /** The same key under the same or other parameters, by way of text. */
  copy(other?: Algorithm): Bare
}

export function bare(algorithm: Algorithm, text?: string): Bare {
  let state = text === undefined ? undefined : algorithm.decode(text)

  const written = (): string | undefined => (state === undefined ? undefined : algorithm.encode(state))
  const copied = (): object | undefined =>
    state === undefined ? undefined : algorithm.decode(algorithm.encode(state))

  function look(at: object | undefined, now: number, cost: number): Answer {
    const out: Answer = { allowed: false, remaining: -1, retryAfterMs: -1, resetMs: -1 }
    algorithm.look(at ?? algorithm.fresh(now), now, cost, out)
    return out
  }

  const adopt = (now: number): boolean => (state === undefined ? false : algorithm.adopt(state, now))

  function ask(now: number, cost: number): Answer {
    const copy = copied()
    if (copy !== undefined) algorithm.adopt(copy, now)
    return look(copy, now, cost)
  }

  function force(now: number, cost: number): void {
    adopt(now)
    state ??= algorithm.fresh(now)
    algorithm.charge(state, now, cost)
  }

  return {
    ask,
    take(now, cost) {
      if (cost === 0) return ask(now, cost)
      adopt(now)
      const answer = look(state, now, cost)
      if (answer.allowed) force(now, cost)
      return answer
    },
    force,
    refund(now, cost, at) {
      if (state !== undefined) algorithm.refund(state, now, cost, at)
    },
    adopt,
    ttlMs: (now) => (state === undefined ? 0 : algorithm.ttlMs(state, now)),
    text: written,
    copy: (other = algorithm) => bare(other, written()),
  }
}

/** Plays a call of a history on it. */
export function played(
  key: Bare,
  kind: string,
  now: number,
  cost: number,
  at: number,
): Answer & { charged: number } {
  if (kind === 'refund') key.refund(now, cost, at)
  if (kind === 'force') {
    const answer = key.ask(now, cost)
    key.force(now, cost)
    return { ...answer, charged: cost }
  }
  if (kind === 'ask' || kind === 'refund') return { ...key.ask(now, kind === 'ask' ? cost : 0), charged: 0 }
  const answer = key.take(now, cost)
  return { ...answer, charged: answer.allowed ? cost : 0 }
}
