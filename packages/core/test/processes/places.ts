import { clusterOfRun, memcachedOfRun, redisOfRun } from '../../../../scripts/servers/of-run.ts'
import type { Job, Place } from './crew.ts'

/** Where processes may count together. */
export const places: Record<string, () => Promise<Place>> = {
  Redis: async () => ({ kind: 'redis', port: (await redisOfRun()).port }),
  'a Redis Cluster': async () => ({ kind: 'cluster', nodes: (await clusterOfRun()).nodes }),
  Memcached: async () => ({ kind: 'memcached', address: (await memcachedOfRun()).address }),
}

/** Every algorithm whose bound is exact, at rest within its window. */
export const algorithmsAtRest = (limit: number): readonly Job['algorithm'][] => [
  ['fixedWindow', { limit, window: '1h' }],
  ['slidingWindow', { limit, window: '10d' }],
  ['slidingWindow', { limit, window: '10d', strict: true }],
  ['slidingLog', { limit, window: '1h' }],
  ['tokenBucket', { capacity: limit, refill: 1, per: '7d' }],
  ['calendarWindow', { limit, every: 'year' }],
  ['concurrency', { limit, ttl: '1h' }],
]
