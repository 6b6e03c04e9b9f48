import type { Algorithm } from '../algorithm.ts'
import { createLimiter } from '../limiter.ts'
import type { Limiter } from '../limiter-types.ts'
import type { PolicyOptions } from '../policies.ts'
import { memoryStore } from '../stores/memory.ts'

export const noon: number = Date.UTC(2026, 5, 1, 12)

/** A limiter in memory, and the time that it goes by. */
interface World<Name extends string> {
  readonly clock: { now: number }
  readonly limiter: Limiter<'sync', Name>
}

/** A world of these policies at noon. */
export function worldOf<const Name extends string>(policies: readonly PolicyOptions<Name>[]): World<Name> {
  const clock = { now: noon }
  return { clock, limiter: createLimiter({ policies, store: memoryStore({ clock: () => clock.now }) }) }
}

/** A world of one algorithm at noon. `left` is what remains to a key that is asked for nothing. */
export function world(algorithm: Algorithm): World<'default'> & { left(key?: string): number } {
  const { clock, limiter } = worldOf([{ name: 'default', algorithm }])
  return { clock, limiter, left: (key = 'ada') => limiter.peek(key, { cost: 0 }).remaining }
}
