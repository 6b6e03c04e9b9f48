import { vi } from 'vitest'
import type { Decision } from '../algorithm.ts'
import type { Store } from '../store.ts'
import { isWhole } from '../check.ts'
import { memoryStore } from '../stores/memory.ts'
import { laterStore } from './later-store.ts'

/** How one wait ended. */
interface Ended {
  readonly name: string | number
  /** Milliseconds since the clock was faked. */
  readonly at: number
  readonly decision?: Decision
  readonly reason?: unknown
}

/** Where answers come at once, and where they come later. */
export const storeKinds: readonly [string, (store: Store<'sync'>) => Store][] = [
  ['memory', (store) => store],
  ['a store of promises', laterStore],
]

/** Fakes timers and clocks, and keeps a list of how waits end. */
export interface FakeTime {
  readonly ended: Ended[]
  /** Notes under a name how a wait ends. */
  watch(name: string | number, wait: Promise<Decision>): void
  /** The names of those that were allowed, with when. */
  passed(): [name: string | number, at: number][]
  /** Lets time pass, and everything happen that is due. */
  pass(ms: number): Promise<void>
  /** Gives the real clocks back; nothing may be left that waits for the faked ones. */
  end(): void
  /** A store in memory that goes by the faked clock, and the calls that it got. */
  store(): Store<'sync'> & { readonly calls: string[] }
}

export function fakeTime(): FakeTime {
  vi.useFakeTimers({ now: Date.UTC(2026, 5, 1, 12) })
  const start = Date.now()
  const ended: Ended[] = []
  const note = (name: string | number, more: object): void => {
    ended.push({ name, at: Date.now() - start, ...more })
  }
  return {
    ended,
    watch(name, wait) {
      wait.then(
        (decision) => note(name, { decision }),
        (reason: unknown) => note(name, { reason }),
      )
    },
    passed: () => ended.filter(({ decision }) => decision?.allowed).map(({ name, at }) => [name, at]),
    pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
    end() {
      const left = vi.getTimerCount()
      vi.useRealTimers()
      if (left > 0) throw new Error(`${left} timers are left`)
    },
    store() {
      const memory = memoryStore({ clock: () => Date.now() })
      const calls: string[] = []
      return {
        ...memory,
        calls,
        take(charges) {
          if (charges.some(({ withinMs }) => !isWhole(withinMs))) throw new Error('there is no such withinMs')
          calls.push(charges.map(({ kind, cost }) => `${kind} ${cost}`).join(', '))
          return memory.take(charges)
        },
      }
    },
  }
}
