import type { Algorithm } from '../../algorithm.ts'
import type { Kept } from '../judge.ts'
import type { Commands } from './commands.ts'
import type { Counters, Owed } from './counters.ts'
import type { Found } from './port.ts'
import { lifetime } from './ttl.ts'

/** What fits an item of a server with default settings, which is 1 MB with its key and head. */
const LONGEST_VALUE = 1_000_000

/** A state as it was read, and what is needed to swap it. */
interface Loaded extends Kept, Found {}

export interface Items {
  /** Reads a state, or takes it from what was found just before; without the units that are owed. */
  load(key: string, algorithm: Algorithm, known: Found | undefined, owed: Owed | undefined): Promise<Loaded>
  /** Writes a state, if nobody changed it since. */
  swap(key: string, algorithm: Algorithm, loaded: Loaded, nowMs: number): Promise<boolean>
}

/** States as items: text, or a counter where a window is hot. What others wrote there counts as never seen. */
export function createItems(commands: Commands, counters: Counters, leastSeconds: number): Items {
  return {
    async load(key, algorithm, known, owed) {
      const { item } = known ?? { item: await commands.gets(key) }
      if (item === undefined) return { state: undefined, isChanged: false, item }
      const { state, tag } = await counters.read(key, algorithm, item.value)
      const isOwed = state !== undefined && owed !== undefined && owed.units > 0 && owed.tag === tag
      if (isOwed) takeBack(state as { used: number }, owed.units)
      return { state, isChanged: isOwed, item }
    },

    async swap(key, algorithm, { state = {}, item }, nowMs) {
      const value = await counters.write(key, algorithm, state, nowMs)
      if (value.length > LONGEST_VALUE)
        throw new RangeError(`a state of ${algorithm.kind} is too large for Memcached: ${value.length} bytes`)
      const ttlSeconds = lifetime(algorithm.ttlMs(state, nowMs), leastSeconds)
      return item ? commands.cas(key, value, ttlSeconds, item.cas) : commands.add(key, value, ttlSeconds)
    },
  }
}

function takeBack(state: { used: number }, units: number): void {
  state.used = Math.max(0, state.used - units)
}
