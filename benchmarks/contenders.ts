import { createLimiter, fixedWindow, type LimiterOptions, slidingWindow, tokenBucket } from '@sluice/core'
import { MemoryStore } from 'express-rate-limit'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Somebody who decides about a key. `allowed` is how many of the calls it let through. */
export interface Contender {
  readonly name: string
  /** Decides about each key in turn, and tells how many it allowed. */
  run(keys: readonly string[]): number | Promise<number>
}

const WINDOW_MS = 60_000

/** The least that any limiter does: a clock read and a look-up in a map. */
function floor(limit: number): Contender {
  const hits = new Map<string, { count: number; start: number }>()
  return {
    name: 'floor: Map and Date.now',
    run(keys) {
      let allowed = 0
      for (const key of keys) {
        const now = Date.now()
        let hit = hits.get(key)
        if (hit === undefined) hits.set(key, (hit = { count: 0, start: now }))
        if (now - hit.start >= WINDOW_MS) {
          hit.count = 0
          hit.start = now
        }
        if (hit.count < limit) {
          hit.count++
          allowed++
        }
      }
      return allowed
    },
  }
}

function sluice(name: string, options: LimiterOptions<'sync', string>): Contender {
  const limiter = createLimiter<'sync', string>(options)
  return {
    name: `sluice: ${name}`,
    run(keys) {
      let allowed = 0
      for (const key of keys) if (limiter.take(key).allowed) allowed++
      return allowed
    },
  }
}

/** The counting part of express-rate-limit alone, without its middleware. */
function expressRateLimit(limit: number): Contender {
  const store = new MemoryStore()
  store.init({ windowMs: WINDOW_MS } as Parameters<MemoryStore['init']>[0])
  return {
    name: 'express-rate-limit: MemoryStore',
    async run(keys) {
      let allowed = 0
      for (const key of keys) if ((await store.increment(key)).totalHits <= limit) allowed++
      return allowed
    },
  }
}

function rateLimiterFlexible(limit: number): Contender {
  const limiter = new RateLimiterMemory({ points: limit, duration: WINDOW_MS / 1000 })
  return {
    name: 'rate-limiter-flexible: memory',
    async run(keys) {
      let allowed = 0
      for (const key of keys) {
        try {
          await limiter.consume(key)
          allowed++
        } catch {
          // A denial is a rejection here.
        }
      }
      return allowed
    },
  }
}

/** All contenders, each with state of its own. A peer's time counts only beside the number that it admitted. */
export function contenders(limit: number): Contender[] {
  return [
    floor(limit),
    sluice('tokenBucket', { algorithm: tokenBucket({ capacity: limit, refill: 1, per: '10d' }) }),
    sluice('fixedWindow', { algorithm: fixedWindow({ limit, window: WINDOW_MS }) }),
    sluice('slidingWindow', { algorithm: slidingWindow({ limit, window: WINDOW_MS * 1000 }) }),
    sluice('two policies', {
      policies: [
        { name: 'burst', algorithm: tokenBucket({ capacity: limit, refill: 1, per: '10d' }) },
        { name: 'quota', algorithm: fixedWindow({ limit: limit * 2, window: WINDOW_MS }) },
      ],
    }),
    expressRateLimit(limit),
    rateLimiterFlexible(limit),
  ]
}
