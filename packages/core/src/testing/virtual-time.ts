/** Time that passes when a test says so, with its timers. Much faster than fake timers that a test has to wait for. */
export interface VirtualTime {
  /** Milliseconds since it began. */
  readonly now: number
  /** Timers that are set. */
  readonly timers: number
  /** Lets time pass: fires what is due, and lets what waits for promises go on after each. */
  pass(ms: number): Promise<void>
  sleep(ms: number): Promise<void>
  /** What takes the place of the platform's functions. */
  setTimeout(run: () => void, ms?: number): object
  clearTimeout(timer: object | undefined): void
}

export function virtualTime(): VirtualTime {
  const timers = new Map<object, { readonly atMs: number; readonly run: () => void }>()
  let now = 0
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  const self: VirtualTime = {
    get now() {
      return now
    },
    get timers() {
      return timers.size
    },
    async pass(ms) {
      const endMs = now + ms
      await settled()
      for (;;) {
        // Of those that are due at once the first that was set.
        const due = [...timers].reduce<[object, { atMs: number; run: () => void }] | undefined>(
          (first, one) => (one[1].atMs < (first?.[1].atMs ?? endMs + 1) ? one : first),
          undefined,
        )
        if (due === undefined || due[1].atMs > endMs) break
        const [timer, { atMs, run }] = due
        timers.delete(timer)
        now = Math.max(now, atMs)
        run()
        await settled()
      }
      now = endMs
    },
    sleep: (ms) => new Promise((resolve) => void self.setTimeout(resolve, ms)),
    setTimeout(run, ms = 0) {
      const timer = { unref: () => timer }
      timers.set(timer, { atMs: now + Math.max(1, ms), run })
      return timer
    },
    clearTimeout(timer) {
      if (timer) timers.delete(timer)
    },
  }
  return self
}
