/** What a function throws, in one line; `undefined` when it does not. */
export function thrown(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return String(error)
  }
  return undefined
}
