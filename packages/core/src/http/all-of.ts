import { after, all, type MaybePromise } from '../maybe-promise.ts'

/**
 * What `of` gives for each item: at once when all are there, else when the last comes. Once something is under way, what
 * throws at once rejects instead: else nobody would hold the promise of the other, and its rejection would end the
 * process.
 */
export function allOf<T, R>(
  items: readonly T[],
  of: (item: T, index: number) => MaybePromise<R>,
): MaybePromise<readonly R[]> {
  const begun: MaybePromise<R>[] = []
  try {
    for (const item of items) begun.push(of(item, begun.length))
  } catch (error) {
    return after(all(begun), () => {
      throw error
    })
  }
  return all(begun)
}
