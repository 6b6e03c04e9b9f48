import { warnOnce } from './warn.ts'

/** What was thrown, as text; what is thrown may refuse to be text. */
function textOf(error: unknown): string {
  try {
    return String(error)
  } catch {
    return 'what is no text'
  }
}

/**
 * Tells a listener of an event, if there is one. What it throws, at once or later, spoils no decision and ends no process:
 * it is warned of once for each event.
 */
export function tell<E>(event: string, listener: ((event: E) => unknown) | undefined, told: E): void {
  const failed = (error: unknown): void => warnOnce(`on.${event} threw ${textOf(error)}`, `on.${event}`)
  try {
    const done = listener?.(told) as PromiseLike<unknown> | undefined
    if (typeof done?.then === 'function') void done.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}
