/** Timers that our own code has set and that are still there. */
export interface TimerWatch {
  live(): string[]
  stop(): void
}

/** Follows all timers that are set from the sources of this package, from now on. */
export function watchTimers(): TimerWatch {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const live = new Map<unknown, string>()
  const watched = (callback: (...given: unknown[]) => void, ms?: number, ...rest: unknown[]): unknown => {
    const place = new Error().stack?.split('\n').find((line) => line.includes('/packages/core/src/'))
    const timer: unknown = set(() => {
      live.delete(timer)
      callback(...rest)
    }, ms)
    if (place !== undefined && !place.includes('/testing/')) live.set(timer, place.trim())
    return timer
  }
  globalThis.setTimeout = Object.assign<object, object>(watched, set) as typeof setTimeout
  globalThis.clearTimeout = (timer) => {
    live.delete(timer)
    clear(timer)
  }
  return {
    live: () => [...live.values()],
    stop() {
      globalThis.setTimeout = set
      globalThis.clearTimeout = clear
    },
  }
}
