/** Every charge at its own millisecond, until it is a window old. */

import { sum, without, type Hit, type Rules } from './rules.ts'
import type { SlidingParams } from './sliding-window.ts'

interface Log {
  readonly hits: readonly Hit[]
  readonly window: number
}

const newest = ({ hits }: Log): number => Math.max(...hits.map(({ at }) => at))

/** The time that is believed: never before the newest hit. */
const believed = (log: Log, now: number): number => Math.max(now, newest(log))

const counts = (log: Log, now: number, at: number): boolean => at > believed(log, now) - log.window

/** Whoever charges or refunds drops what has left: it stays away when the newest hit is taken back. */
const pruned = (log: Log, now: number): Log => ({
  ...log,
  hits: log.hits.filter(({ at }) => counts(log, now, at)),
})

const counted = (log: Log, now: number): bigint => sum(log.hits, (at) => counts(log, now, at))

export const slidingLogRules: Rules<SlidingParams, Log> = {
  nothing: { hits: [], window: 1 },
  limit: ({ limit }) => limit,
  windowMs: ({ window }) => window,
  over: (log, now) => counted(log, now) === 0n,
  moved(log, _params, now, patience) {
    const ahead = newest(log) - now
    if (ahead <= patience) return log
    return { ...log, hits: log.hits.map(({ at, units }) => ({ at: at - ahead, units })) }
  },
  under(log, { window }, now) {
    if (log.window === window) return log
    return { ...pruned(log, now), window }
  },
  fits: (log, { limit }, now, cost) => counted(log, now) + cost <= BigInt(limit),
  charged: (log, { window }, now, cost) => ({
    hits: [...pruned(log, now).hits, { at: believed(log, now), units: cost }],
    window,
  }),
  refunded(log, now, cost, at) {
    if (!counts(log, now, at) || log.hits.every((hit) => hit.at !== at)) return log
    return { ...log, hits: without(pruned(log, now).hits, cost, (t) => t === at) }
  },
  touched: pruned,
}
