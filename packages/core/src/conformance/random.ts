/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Random {
  /** A whole number from `min` to `max`. */
  int(min: number, max: number): number
  pick<T>(list: readonly T[]): T
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return { int, pick: (list) => list[int(0, list.length - 1)] as (typeof list)[number] }
}
