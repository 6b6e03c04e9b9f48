import type { Algorithm, Answer } from '../algorithm.ts'
import { isWhole } from '../check.ts'

/** What the algorithms share: how long a clock that stepped back is waited for, and the text of a state. */

/** Time steps back by up to this: time stands still for the key. By more: its state is moved to the new time. */
export const patienceMs = (windowMs: number): number => Math.max(windowMs, 60_000)

/**
 * Fills in what follows from the units that are free (from 0): whether the cost fits, what remains after it, and no
 * wait, or one without end, which the algorithm shortens for a cost that can ever fit.
 * @returns what the charge would add
 */
export function answer(out: Answer, free: number, cost: number): number {
  const allowed = cost <= free
  const charged = allowed ? cost : 0
  out.allowed = allowed
  out.remaining = free - charged
  out.retryAfterMs = allowed ? 0 : Infinity
  return charged
}

/** A count grown by a charge. Debt stops at the largest exact integer instead of losing track. */
export const grown = (used: number, cost: number): number => Math.min(used + cost, Number.MAX_SAFE_INTEGER)

/** The whole numbers of an encoded state; none, if the text was not written by `encode`. */
export function numbers(text: string): number[] {
  const parts = text.split(',').map(Number)
  return String(parts) === text && parts.every((part) => isWhole(part)) ? parts : []
}

/** The text of states that are numbers only, in the order in which `fresh` lists them. */
export function codec<S extends object>(
  fresh: (nowMs: number) => S,
): Pick<Algorithm<S>, 'encode' | 'decode'> {
  return {
    encode: (state) => String(Object.values(state)),
    decode(text) {
      const parts = numbers(text)
      const state = fresh(0)
      const names = Object.keys(state)
      // A window or a scale of nothing is not of our making.
      const values = Object.values(state) as number[]
      return parts.length === names.length && values.every((own, at) => own === 0 || parts[at])
        ? (Object.fromEntries(names.map((name, at) => [name, parts[at]])) as S)
        : state
    },
  }
}
