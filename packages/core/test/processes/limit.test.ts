import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterOfRun, memcachedOfRun, redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { type Crew, crewOf, type Job, type Place, sum } from './crew.ts'

/** Eight processes with 64 calls in flight each want this many, of which there are 100. */
const LIMIT = 100
const PROCESSES = 8
const IN_FLIGHT = 64

/** Every algorithm whose bound is exact, at rest within its window. */
const algorithms: readonly Job['algorithm'][] = [
  ['fixedWindow', { limit: LIMIT, window: '1h' }],
  ['slidingWindow', { limit: LIMIT, window: '10d' }],
  ['slidingWindow', { limit: LIMIT, window: '10d', strict: true }],
  ['slidingLog', { limit: LIMIT, window: '1h' }],
  ['tokenBucket', { capacity: LIMIT, refill: 1, per: '7d' }],
  ['calendarWindow', { limit: LIMIT, every: 'year' }],
  ['concurrency', { limit: LIMIT, ttl: '1h' }],
]

const places: Record<string, () => Promise<Place>> = {
  Redis: async () => ({ kind: 'redis', port: (await redisOfRun()).port }),
  'a Redis Cluster': async () => ({ kind: 'cluster', nodes: (await clusterOfRun()).nodes }),
  Memcached: async () => ({ kind: 'memcached', address: (await memcachedOfRun()).address }),
}

let crew: Crew
beforeAll(async () => {
  crew = await crewOf(PROCESSES)
})
afterAll(() => crew.stop())

for (const [name, find] of Object.entries(places)) {
  describe(`exactly the limit is admitted by ${name} to ${PROCESSES} processes`, () => {
    let store: Place
    beforeAll(async () => {
      store = await find()
    })

    it.each(algorithms)('%s %o', async (...algorithm) => {
      const results = await crew.run({ store, algorithm, task: 'take', calls: 128, inFlight: IN_FLIGHT })
      expect(sum(results)).toBe(LIMIT)
      for (const { sources } of results) expect(sources).toEqual({ store: 128 })
    })
  })
}
