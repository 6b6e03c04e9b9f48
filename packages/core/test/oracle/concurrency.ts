/** Slots that are held until they expire. */

import { sum, without, type Hit, type Rules } from './rules.ts'

export interface ConcurrencyParams {
  readonly limit: number
  readonly ttl: number
}

interface Slots {
  /** Each stands at its expiry. */
  readonly hits: readonly Hit[]
  /** The ttl that the newest expiry was given with. */
  readonly ttl: number
}

const newest = ({ hits }: Slots): number => Math.max(...hits.map(({ at }) => at))

/** Whoever takes a slot sweeps out those that have expired: they stay free when time steps back. */
const held = (slots: Slots, now: number): Slots => ({
  ...slots,
  hits: slots.hits.filter(({ at }) => at > now),
})

const live = ({ hits }: Slots, now: number): bigint => sum(hits, (expiry) => expiry > now)

export const concurrencyRules: Rules<ConcurrencyParams, Slots> = {
  nothing: { hits: [], ttl: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ ttl }) => ttl,
  over: (slots, now) => live(slots, now) === 0n,
  // An expiry is a ttl ahead by nature, and a slot that others took has to keep its own.
  moved(slots, _params, now) {
    const ahead = newest(slots) - now - slots.ttl
    if (ahead <= Math.max(slots.ttl, 60_000)) return slots
    return { ...slots, hits: slots.hits.map(({ at, units }) => ({ at: at - ahead, units })) }
  },
  under: (slots) => slots,
  fits: (slots, { limit }, now, cost) => live(slots, now) + cost <= BigInt(limit),
  charged(slots, { ttl }, now, cost) {
    const last = now + ttl >= newest(slots)
    return { hits: [...held(slots, now).hits, { at: now + ttl, units: cost }], ttl: last ? ttl : slots.ttl }
  },
  refunded: (slots, { ttl }, now, cost, at) =>
    at + ttl > now ? { ...slots, hits: without(slots.hits, cost, (expiry) => expiry === at + ttl) } : slots,
  touched: held,
}
