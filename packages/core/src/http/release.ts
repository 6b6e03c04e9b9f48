import type { MaybePromise } from '../maybe-promise.ts'
import { warnEachMinute } from './warn-each-minute.ts'

const isLost = (): void => warnEachMinute('a slot could not be given back; it comes free after its ttl')

/** Gives slots back without ever failing: the response is over by then, and nobody there to hear of it. */
export function quietRelease(release: () => MaybePromise<void>): () => MaybePromise<void> {
  return () => {
    try {
      return (release() as PromiseLike<void> | undefined)?.then(undefined, isLost)
    } catch {
      return isLost()
    }
  }
}
