/** What the algorithms share: how long a clock that stepped back is waited for, and the text of a state. */

/** Time steps back by up to this: time stands still for the key. By more: its state is moved to the new time. */
export const patienceMs = (windowMs: number): number => Math.max(windowMs, 60_000)

/** A count grown by a charge. Debt stops at the largest exact integer instead of losing track. */
export const grown = (used: number, cost: number): number => Math.min(used + cost, Number.MAX_SAFE_INTEGER)

/** The whole numbers of an encoded state, or none if the text was not written by `encode`. */
export function numbers(text: string, atLeast: number): number[] {
  const parts = text.split(',').map(Number)
  return parts.length >= atLeast && parts.every((part) => Number.isSafeInteger(part) && part >= 0)
    ? parts
    : []
}
