/** Slots that are held until they expire. */

import type { Rules } from './rules.ts'

export interface ConcurrencyParams {
  readonly limit: number
  readonly ttl: number
}

/** Slots taken at one time for as long a time. */
interface Held {
  readonly taken: number
  readonly ttl: number
  readonly units: bigint
}

type Slots = readonly Held[]

const expiry = ({ taken, ttl }: Held): number => taken + ttl

const last = (slots: Slots): Held =>
  slots.reduce((late, slot) => (expiry(slot) >= expiry(late) ? slot : late))

/** Whoever takes a slot sweeps out those that have expired: they stay free when time steps back. */
const held = (slots: Slots, now: number): Slots => slots.filter((slot) => expiry(slot) > now)

const live = (slots: Slots, now: number): bigint =>
  held(slots, now).reduce((sum, { units }) => sum + units, 0n)

/** Soonest first, so that the same slots are the same list, whatever order they were taken in. */
const inOrder = (slots: Slots): Slots => slots.toSorted((a, b) => expiry(a) - expiry(b))

export const concurrencyRules: Rules<ConcurrencyParams, Slots> = {
  nothing: [],
  limit: ({ limit }) => limit,
  windowMs: ({ ttl }) => ttl,
  over: (slots, now) => live(slots, now) === 0n,
  // An expiry is a ttl ahead by nature, and a slot that others took has to keep its own.
  moved(slots, _params, now) {
    if (slots.length === 0) return slots
    const { taken, ttl } = last(slots)
    const ahead = taken - now
    if (ahead <= Math.max(ttl, 60_000)) return slots
    return slots.map((slot) => ({ ...slot, taken: slot.taken - ahead }))
  },
  under: (slots) => slots,
  fits: (slots, { limit }, now, cost) => live(slots, now) + cost <= BigInt(limit),
  charged: (slots, { ttl }, now, cost) => inOrder([...held(slots, now), { taken: now, ttl, units: cost }]),
  refunded(slots, now, cost, at) {
    const found = held(slots, now).find(({ taken }) => taken === at)
    let left = cost
    return slots.flatMap((slot) => {
      if (found === undefined || slot.taken !== at || slot.ttl !== found.ttl) return [slot]
      const gone = slot.units < left ? slot.units : left
      left -= gone
      return gone < slot.units ? [{ ...slot, units: slot.units - gone }] : []
    })
  },
  touched: held,
}
