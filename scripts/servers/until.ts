import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again every few milliseconds until the answer is yes; an error counts as no, and is the cause given when time is up. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      if (await condition()) return
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not so after ${timeoutMs} ms`, { cause })
    await sleep(5)
  }
}
