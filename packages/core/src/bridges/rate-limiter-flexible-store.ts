import { refuse } from '../check.ts'
import type { Charge, Ruling, Store } from '../store.ts'
import { withDeadline } from '../stores/deadline.ts'
import { takes, vetoes } from '../stores/judge.ts'
import { failureOf, isRefusal, tell } from './rate-limiter-flexible-answer.ts'
import type { FlexibleAnswer, FlexibleFigures, FlexibleLimiter } from './rate-limiter-flexible-limiter.ts'

/** Clocks of servers and processes differ by so many milliseconds, when all is well. */
const CLOCKS_DIFFER_MS = 50

const PROBE = 'sluice-probe'

/**
 * A limiter of rate-limiter-flexible as a store: it counts one policy, as its own calls do.
 * @param timeoutMs how long each of its calls may take, beside what it holds takes back for on purpose
 */
export function flexibleStore(
  limiter: FlexibleLimiter,
  { algorithm, points, longestDelayMs }: FlexibleFigures,
  timeoutMs: number,
): Store<'async'> {
  /** Gives what a call gives, in time, or tells why it cannot. */
  async function ask<T>(send: () => PromiseLike<T>, delayMs = 0): Promise<T> {
    try {
      return await withDeadline(send(), timeoutMs + delayMs, 'the limiter')
    } catch (error) {
      throw failureOf(error)
    }
  }

  async function peek(charge: Charge): Promise<void> {
    tell(charge, await ask(() => limiter.get(charge.key)), points())
  }

  async function consume(charge: Charge): Promise<void> {
    const { key, cost } = charge
    // What could never fit would be charged all the same, and spend the window.
    if (cost > points()) {
      await peek(charge)
      if (!charge.allowed) return
    }
    try {
      tell(charge, await ask(() => limiter.consume(key, cost), longestDelayMs()), points(), true)
    } catch (error) {
      if (!isRefusal(error)) throw error
      tell(charge, error, points(), false)
    }
  }

  async function force(charge: Charge): Promise<void> {
    const answer = await ask(() => limiter.penalty(charge.key, charge.cost))
    tell(charge, answer, points(), answer.consumedPoints <= points())
  }

  async function refund(charge: Charge): Promise<void> {
    const { key, cost, at } = charge
    const askedAt = Date.now()
    const counted = await ask(() => limiter.get(key))
    const units = isWindowOf(at, askedAt, counted) ? Math.min(cost, counted.consumedPoints) : 0
    tell(charge, units > 0 ? await ask(() => limiter.reward(key, units)) : counted, points(), true)
  }

  /** Whether the window that a key has is the one of then: a reward would put points into any, or open one. */
  function isWindowOf(at: number, nowMs: number, counted: FlexibleAnswer | null): counted is FlexibleAnswer {
    if (counted === null) return false
    const { windowMs } = algorithm
    const { msBeforeNext } = counted
    return (
      windowMs === Infinity || (msBeforeNext > 0 && nowMs + msBeforeNext <= at + windowMs + CLOCKS_DIFFER_MS)
    )
  }

  /** Once a part of a call was refused, what comes after it is only looked at. */
  function make(charge: Charge, isRefused: boolean): Promise<void> {
    if (charge.kind === 'refund') return refund(charge)
    if (isRefused || !takes(charge)) return peek(charge)
    return charge.kind === 'force' ? force(charge) : consume(charge)
  }

  return {
    mode: 'async',
    atomic: false,
    open(name, opened) {
      if (opened !== algorithm)
        refuse('the algorithm', 'that of the limiter that is bridged: set points there', opened)
      return { name, algorithm }
    },
    async take(charges): Promise<Ruling> {
      let allowed = true
      for (const charge of charges) {
        await make(charge, !allowed)
        if (vetoes(charge)) allowed = false
      }
      return { allowed, at: Date.now(), source: 'store' }
    },
    async forget(_slot, key) {
      if (key === undefined)
        throw new TypeError('resetAll() cannot be: rate-limiter-flexible does not list its keys')
      await ask(() => limiter.delete(key))
    },
    // Writes, since a server that can only be read is of no use.
    async probe() {
      await ask(() => limiter.penalty(PROBE, 0))
      await ask(() => limiter.delete(PROBE))
    },
  }
}
