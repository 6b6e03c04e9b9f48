/** An assertion that costs nothing until it fails: laws are tried a million times. */
export function must(holds: boolean, told: () => string): asserts holds {
  if (!holds) throw new Error(told())
}
