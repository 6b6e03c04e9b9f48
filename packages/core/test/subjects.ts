/** Every algorithm with its oracle, random parameters for it, and the promises that its documentation makes. */

import {
  type Algorithm,
  calendarWindow,
  concurrency,
  fixedWindow,
  gcra,
  leakyBucket,
  slidingLog,
  slidingWindow,
  tokenBucket,
} from '../src/index.ts'
import { acrossEdges, perWindow } from './bounds.ts'
import type { History, Topic } from './histories.ts'
import { bucketRules, type BucketParams } from './oracle/bucket.ts'
import type { CalendarParams } from './oracle/calendar-edges.ts'
import { calendarWindowRules, carriedAtMost } from './oracle/calendar-window.ts'
import { concurrencyRules, type ConcurrencyParams } from './oracle/concurrency.ts'
import { fixedWindowRules, type FixedParams } from './oracle/fixed-window.ts'
import type { Rules } from './oracle/rules.ts'
import { slidingLogRules } from './oracle/sliding-log.ts'
import { slidingWindowRules, type SlidingParams } from './oracle/sliding-window.ts'
import { strictWindowRules } from './oracle/strict-window.ts'
import { watch, type Watch } from './oracle/worlds.ts'
import * as calendars from './parameters-calendar.ts'
import * as params from './parameters.ts'
import * as others from './regressions-others.ts'
import { rolloverRegressions } from './regressions-rollover.ts'
import * as regressions from './regressions.ts'

export interface Subject<P> extends Topic<P> {
  readonly name: string
  /** Histories that once found a law broken. */
  readonly examples: readonly History<P>[]
  make(params: P): Algorithm
  watch(): Watch<P>
  windowMs(params: P): number
  /** The longest that a cost that can ever fit may have to wait while time does not step back. */
  longestMs(params: P): number
  /** The most that may be admitted from one instant to another `ms` later, both included. */
  bound(params: P, ms: number): bigint
}

type Promises<P> = Topic<P> & Pick<Subject<P>, 'name' | 'examples' | 'make' | 'longestMs' | 'bound'>

const subject = <P, S>(rules: Rules<P, S>, promises: Promises<P>): Subject<P> => ({
  ...promises,
  watch: () => watch(rules),
  windowMs: rules.windowMs,
})

const bucketPromises = {
  longestMs: bucketRules.windowMs,
  bound: ({ capacity, refill, per }: BucketParams, ms: number) =>
    BigInt(capacity) + (BigInt(refill) * BigInt(ms)) / BigInt(per),
}

export const fixed: Subject<FixedParams> = subject(fixedWindowRules, {
  name: 'fixedWindow',
  variants: params.fixed,
  examples: regressions.fixedRegressions,
  make: ({ limit, window, clock }) => fixedWindow({ limit, window, ...(clock && { align: 'clock' }) }),
  longestMs: ({ window }) => window,
  bound: ({ limit, window }, ms) => acrossEdges(limit, window, ms),
})

export const sliding: Subject<SlidingParams> = subject(slidingWindowRules, {
  name: 'slidingWindow',
  variants: params.sliding,
  examples: regressions.slidingRegressions,
  make: ({ limit, window }) => slidingWindow({ limit, window }),
  // A take of the whole limit has to wait until both counters are empty; steps can stretch a window by less than one.
  longestMs: ({ window, limit }) => 2 * (window + Math.ceil((limit * window) / 2 ** 53)),
  // Just under twice the limit: what is old enough to be followed by as much has begun to fade.
  bound: ({ limit, window }, ms) => acrossEdges(limit, window, ms) - (limit > 0 && ms < window ? 1n : 0n),
})

export const strict: Subject<SlidingParams> = subject(strictWindowRules, {
  name: 'slidingWindow strict',
  variants: params.plain,
  examples: regressions.slidingRegressions,
  make: ({ limit, window }) => slidingWindow({ limit, window, strict: true }),
  longestMs: ({ window }) => window + Math.ceil(window / 10),
  bound: ({ limit, window }, ms) => perWindow(limit, window, ms),
})

export const log: Subject<SlidingParams> = subject(slidingLogRules, {
  name: 'slidingLog',
  variants: params.plain,
  examples: regressions.logRegressions,
  make: ({ limit, window }) => slidingLog({ limit, window }),
  longestMs: ({ window }) => window,
  bound: ({ limit, window }, ms) => perWindow(limit, window, ms),
})

export const token: Subject<BucketParams> = subject(bucketRules, {
  ...bucketPromises,
  name: 'tokenBucket',
  variants: params.bucket,
  examples: others.bucketRegressions,
  make: (all) => tokenBucket(all),
})

export const leaky: Subject<BucketParams> = subject(bucketRules, {
  ...bucketPromises,
  name: 'leakyBucket',
  variants: params.bucket,
  examples: others.bucketRegressions,
  make: ({ capacity, refill, per }) => leakyBucket({ capacity, leak: refill, per }),
})

export const cells: Subject<BucketParams> = subject(bucketRules, {
  ...bucketPromises,
  name: 'gcra',
  variants: params.bucket,
  examples: others.bucketRegressions,
  make: ({ capacity, refill, per }) =>
    gcra({ limit: refill, window: per, ...(capacity !== refill && { burst: capacity }) }),
})

/** Zones are slow to open, and one algorithm serves many keys anyway. */
const opened = new Map<string, Algorithm>()

function calendarOf(all: CalendarParams): Algorithm {
  const id = JSON.stringify(all)
  const made = opened.get(id) ?? calendarWindow(all)
  opened.set(id, made)
  return made
}

export const calendar: Subject<CalendarParams> = subject(calendarWindowRules, {
  name: 'calendarWindow',
  variants: calendars.calendar,
  examples: [...others.calendarRegressions, ...rolloverRegressions],
  start: calendars.calendarStarts,
  maxSteps: 6,
  make: calendarOf,
  // An hour more where the clocks go back; what has to be carried over first waits for another period.
  longestMs: (all) => (carriedAtMost(all) > 0n ? 2 : 1) * calendarWindowRules.windowMs(all) + 3_600_000,
  bound: (all, ms) => acrossEdges(all.limit, calendars.shortestMs(all), ms) + carriedAtMost(all),
})

export const slots: Subject<ConcurrencyParams> = subject(concurrencyRules, {
  name: 'concurrency',
  variants: params.concurrency,
  examples: others.concurrencyRegressions,
  make: (all) => concurrency(all),
  longestMs: ({ ttl }) => ttl,
  bound: ({ limit, ttl }, ms) => perWindow(limit, ttl, ms),
})
