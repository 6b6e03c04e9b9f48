import { StoreError } from '../store-error.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'

/**
 * The promise, unless it takes longer than `ms` milliseconds. What comes later is dropped: what was asked may have
 * been done all the same. The timer is gone as soon as either is there.
 *
 * @param what what was asked, for the message: "Redis did not answer within 100 ms"
 * @throws StoreError `'timeout'`, or what `late` makes of the message
 */
export async function withDeadline<T>(
  promise: PromiseLike<T>,
  ms: number,
  what: string,
  late: (message: string) => Error = (message) => new StoreError('timeout', message),
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<never>((_, reject) => {
    const expire = (): void => reject(late(`${what} did not answer within ${ms} ms`))
    // After a stall of the event loop timers come first; an answer that is there already is read before the next one.
    timer = setTimeout(() => (timer = setTimeout(expire, 0)), Math.min(ms, LONGEST_TIMER_MS))
  })
  try {
    // A race listens to both to the end: a rejection that comes late is not unhandled.
    return await Promise.race([promise, over])
  } finally {
    clearTimeout(timer)
  }
}
