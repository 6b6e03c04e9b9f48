import type { Algorithm } from '../../algorithm.ts'
import { isWhole } from '../../check.ts'
import type { Kept } from '../judge.ts'
import type { Commands } from './commands.ts'
import { explainedKey } from './keys.ts'
import { recent } from './recent.ts'
import { lifetime } from './ttl.ts'

/** The kinds whose charges, while a window runs, do nothing but add to `used`. */
const COUNTING = new Set(['fixedWindow', 'calendarWindow'])

/** A counter is `tag * BASE + used`, below 2^53: JavaScript reads it without loss. */
const BASE = 2 ** 28
const TAGS = 2 ** 25

/** What `used` may be in a counter. As much again is room for units that are counted and then taken back. */
const MOST_USED = 2 ** 27

/** In how many swaps of one window by this process an item has to be written before it becomes a counter. */
const HOT_AFTER = 2

/** Windows that are remembered. */
const MOST_WINDOWS = 5000

/** For how much longer than a counter its explanation lives, in milliseconds: clocks differ. */
const LONGER_MS = 60_000

interface Counting {
  used: number
}

/** A window of an item, as this process knows it. */
interface Window {
  /** The state without what is used, as text. */
  readonly text: string
  /** Which counter it is; 0: it is none. */
  tag: number
  used: number
  swaps: number
}

/** Units that were counted in a counter and that nobody got. */
export interface Owed {
  readonly tag: number
  readonly units: number
  /** Whether the operations were applied: `units` then are those that were refused. */
  readonly isApplied: boolean
}

export interface Counters {
  /** The state of an item's text, and its tag where that is a counter. */
  read(key: string, algorithm: Algorithm, text: string): Promise<{ state: object | undefined; tag: number }>
  /** The text to write for a state: of a counter, where the window is hot. */
  write(key: string, algorithm: Algorithm, state: object, nowMs: number): Promise<string>
  /**
   * Counts takes of one unit each, if it can be done so; `apply` makes them. It is called with what is known, and
   * again with what is true.
   * @returns what is owed; `undefined` where nothing was counted
   */
  count(
    key: string,
    algorithm: Algorithm,
    units: number,
    apply: (kept: Kept) => void,
  ): Promise<Owed | undefined>
  /** Forgets what is known of a key. */
  forget(key: string): void
}

/**
 * The cheaper path of windows that are hot: one `incr` a decision instead of `gets` and `cas`, and no contention.
 *
 * The item of such a window is one number, a tag above what is used. The tag stands for when the window began and
 * how long it is, which an item of its own explains, written before and never changed. So what `incr` returns
 * proves in which window it counted, whatever others did in the meantime, and what was used before: the units it
 * added are granted in order as far as they fit, exactly as if they had come one after the other. Those that do
 * not fit, or were counted in another window than the one expected, are owed, and taken back by a swap before
 * anyone is answered. Only takes of a single unit come here, and only when as far as this process knows all of
 * them fit; so units are owed only where the limit is reached, and nobody is refused for what another still owes.
 * Everything else goes through swaps of the same item.
 */
export function createCounters(commands: Commands, leastSeconds: number): Counters {
  const windows = recent<Window>(MOST_WINDOWS)

  const textOf = (algorithm: Algorithm, state: object): string => algorithm.encode({ ...state, used: 0 })

  /** The window by its tag. */
  async function explained(key: string, tag: number): Promise<Window | undefined> {
    const known = windows.get(key)
    if (known?.tag === tag) return known
    const text = (await commands.gets(explainedKey(key, tag)))?.value
    return text === undefined ? undefined : { text, tag, used: 0, swaps: HOT_AFTER }
  }

  /** A new tag; 0 where another window of the key has the one that was drawn. */
  async function tagFor(key: string, text: string, ttlMs: number): Promise<number> {
    const tag = 1 + Math.floor(Math.random() * (TAGS - 1))
    const isNew = await commands.add(explainedKey(key, tag), text, lifetime(ttlMs + LONGER_MS, leastSeconds))
    return isNew ? tag : 0
  }

  /** What is used after the operations, if it was `used`; `undefined` where they do not stay in the window. */
  function usedAfter(
    algorithm: Algorithm,
    { text }: Window,
    used: number,
    apply: (kept: Kept) => void,
  ): number | undefined {
    const kept: Kept = { state: { ...algorithm.decode(text), used }, isChanged: false }
    apply(kept)
    const state = kept.state as Counting
    return textOf(algorithm, state) === text ? state.used : undefined
  }

  return {
    async read(key, algorithm, text) {
      const value = COUNTING.has(algorithm.kind) && /^\d{9,16}$/.test(text) ? Number(text) : 0
      const tag = isWhole(value) ? Math.floor(value / BASE) : 0
      if (tag === 0) return { state: algorithm.decode(text), tag }
      const window = await explained(key, tag)
      if (window === undefined) return { state: undefined, tag }
      window.used = value % BASE
      windows.set(key, window)
      return { state: { ...algorithm.decode(window.text), used: window.used }, tag }
    },

    async write(key, algorithm, state, nowMs) {
      // An item without a value is more than some clients can read.
      const whole = algorithm.encode(state) || '0'
      if (!COUNTING.has(algorithm.kind)) return whole
      const { used } = state as Counting
      const text = textOf(algorithm, state)
      const known = windows.get(key)
      const window = known?.text === text ? known : { text, tag: 0, used, swaps: 0 }
      windows.set(key, window)
      window.used = used
      window.swaps++
      if (used === 0 || used >= MOST_USED) window.tag = 0
      else if (window.tag === 0 && window.swaps > HOT_AFTER)
        window.tag = await tagFor(key, text, algorithm.ttlMs(state, nowMs))
      return window.tag === 0 ? whole : String(window.tag * BASE + used)
    },

    async count(key, algorithm, units, apply) {
      const window = windows.get(key)
      if (!window?.tag || window.used + units >= MOST_USED) return undefined
      if (usedAfter(algorithm, window, window.used, apply) !== window.used + units) return undefined
      // Where it fails, or is a counter no longer, what is known is of no use.
      windows.delete(key)
      const value = await commands.incr(key, units)
      if (value === undefined) return undefined
      windows.set(key, window)
      const tag = Math.floor(value / BASE)
      const before = (value % BASE) - units
      // Where all was given back the next charge opens a window.
      const after = tag === window.tag && before > 0 ? usedAfter(algorithm, window, before, apply) : undefined
      if (after === undefined) return { tag, units, isApplied: false }
      window.used = after
      return { tag, units: before + units - after, isApplied: true }
    },

    forget: windows.delete,
  }
}
