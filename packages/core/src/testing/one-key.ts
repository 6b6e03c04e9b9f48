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
  /** The same key under another algorithm of the same kind. */
  under(other: Algorithm): OneKey
  ttlMs(nowMs: number): number
  text(): string
}

/**
 * One key under an algorithm. It is kept in memory and, for each call, read from its text: both have to be answered
 * and changed alike.
 */
export function oneKey(algorithm: Algorithm, kept?: object): OneKey {
  let state = kept

  const text = (): string => (state === undefined ? '' : algorithm.encode(state))

  /** Makes a state the algorithm's own, and checks that it says so exactly when that changed anything. */
  function adopt(of: object, nowMs: number): void {
    const before = algorithm.encode(of)
    const said = algorithm.adopt(of, nowMs)
    expect([before, said]).toEqual([before, algorithm.encode(of) !== before])
  }

  /** Does to a state what `by` does, once it is the algorithm's own, which a refund does not need it to be. */
  function changed(
    of: object | undefined,
    nowMs: number,
    by: (of: object) => void,
    isRefund = false,
  ): object {
    if (of !== undefined && !isRefund) adopt(of, nowMs)
    const result = of ?? algorithm.fresh(nowMs)
    by(result)
    return result
  }

  /** Changes the key, and checks that its text leads to the same. */
  function change(nowMs: number, by: (of: object) => void, isRefund = false): void {
    const read = state && algorithm.decode(text())
    state = changed(state, nowMs, by, isRefund)
    expect(algorithm.encode(changed(read, nowMs, by, isRefund))).toBe(text())
  }

  function ask(nowMs: number, cost = 1): Answer {
    const before = text()
    const [answer, fromText] = [state && { ...state }, state && algorithm.decode(before)].map((of) => {
      const out: Answer = { allowed: false, remaining: 0, retryAfterMs: 0, resetMs: 0 }
      changed(of, nowMs, (result) => algorithm.look(result, nowMs, cost, out))
      return out
    })
    expect(fromText).toEqual(answer)
    expect(text()).toBe(before)
    return answer as Answer
  }

  return {
    ask,
    take(nowMs, cost = 1) {
      const answer = ask(nowMs, cost)
      // What asks for something becomes the algorithm's own, even where it is refused.
      if (answer.allowed && cost > 0) change(nowMs, (of) => algorithm.charge(of, nowMs, cost))
      else if (state !== undefined && cost > 0) change(nowMs, () => undefined)
      return answer
    },
    force: (nowMs, cost) => change(nowMs, (of) => algorithm.charge(of, nowMs, cost)),
    refund: (nowMs, cost, at) => change(nowMs, (of) => algorithm.refund(of, nowMs, cost, at), true),
    under: (other) => oneKey(other, state),
    ttlMs: (nowMs) => (state === undefined ? 0 : algorithm.ttlMs(state, nowMs)),
    text,
  }
}
