import { expect } from 'vitest'
import type { Algorithm, Answer } from '../algorithm.ts'

/** What is said to a cost that fits. */
export const allowed = (remaining: number, resetMs: number): Answer => ({
  allowed: true,
  remaining,
  retryAfterMs: 0,
  resetMs,
})

/** What is said to a cost that does not fit. */
export const denied = (remaining: number, retryAfterMs: number, resetMs: number = retryAfterMs): Answer => ({
  allowed: false,
  remaining,
  retryAfterMs,
  resetMs,
})

/** One key, kept as stores keep it. Every call says when it is made. */
export interface OneKey {
  /** Charges the cost if it fits. */
  take(nowMs: number, cost?: number): Answer
  /** What a take would be told. */
  ask(nowMs: number, cost?: number): Answer
  /** Charges the cost, into debt if need be. */
  force(nowMs: number, cost: number): void
  /** Gives back what was charged at `at`. */
  refund(nowMs: number, cost: number, at: number): void
  /** The same key, from now on under another algorithm of the same kind. */
  under(other: Algorithm): OneKey
  ttlMs(nowMs: number): number
  text(): string
}

/**
 * One key under an algorithm. It is kept twice, in memory and as text that is read for each call, and whatever is
 * answered has to be the same.
 */
export function oneKey(algorithm: Algorithm, kept?: object): OneKey {
  let state = kept

  function look(nowMs: number, cost: number, at: Algorithm, of: object | undefined): Answer {
    const answer: Answer = { allowed: false, remaining: 0, retryAfterMs: 0, resetMs: 0 }
    at.look(of ?? at.fresh(nowMs), nowMs, cost, answer)
    return answer
  }

  /** Does to the state what `change` says, and checks that its text would have led to the same. */
  function changed(nowMs: number, change: (of: object) => void): object {
    const before = state === undefined ? undefined : algorithm.encode(state)
    const results = [state, before === undefined ? undefined : algorithm.decode(before)].map((of) => {
      if (of !== undefined) algorithm.adopt(of, nowMs)
      const result = of ?? algorithm.fresh(nowMs)
      change(result)
      return result
    })
    const [inMemory = {}, fromText = {}] = results
    expect(algorithm.encode(fromText)).toBe(algorithm.encode(inMemory))
    expect(look(nowMs, 0, algorithm, fromText)).toEqual(look(nowMs, 0, algorithm, inMemory))
    return inMemory
  }

  function ask(nowMs: number, cost = 1): Answer {
    // Adopting is kept even where nothing is charged.
    if (state !== undefined) state = changed(nowMs, () => undefined)
    return look(nowMs, cost, algorithm, state)
  }
  function force(nowMs: number, cost: number): void {
    state = changed(nowMs, (of) => algorithm.charge(of, nowMs, cost))
  }

  return {
    ask,
    force,
    take(nowMs, cost = 1) {
      const answer = ask(nowMs, cost)
      if (answer.allowed && cost > 0) force(nowMs, cost)
      return answer
    },
    refund(nowMs, cost, at) {
      state = changed(nowMs, (of) => algorithm.refund(of, nowMs, cost, at))
    },
    under: (other) => oneKey(other, state),
    ttlMs: (nowMs) => (state === undefined ? 0 : algorithm.ttlMs(state, nowMs)),
    text: () => (state === undefined ? '' : algorithm.encode(state)),
  }
}
