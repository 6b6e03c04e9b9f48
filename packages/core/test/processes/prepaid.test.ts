import { afterAll, beforeAll, expect, it } from 'vitest'
import { clusterOfRun, redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { type Crew, crewOf, type Place, sum } from './crew.ts'

const PROCESSES = 8
const GRANTS = 20
const TAKES = 60

let crew: Crew
beforeAll(async () => {
  crew = await crewOf(PROCESSES)
})
afterAll(() => crew.stop())

const places: Record<string, () => Promise<Place>> = {
  Redis: async () => ({ kind: 'redis', port: (await redisOfRun()).port }),
  'a Redis Cluster': async () => ({ kind: 'cluster', nodes: (await clusterOfRun()).nodes }),
}

it.each(Object.entries(places))(
  `exactly what was granted is spent in %s by ${PROCESSES} processes that all make the same grants`,
  async (_, find) => {
    const job = {
      store: await find(),
      prefix: newPrefix(),
      algorithm: ['prepaid', {}],
      inFlight: 16,
    } as const
    const first = await crew.run({ ...job, task: 'grant', grants: GRANTS, calls: TAKES })
    expect(first.reduce((total, { granted = 0 }) => total + granted, 0)).toBe(GRANTS)
    const spent = sum(first)
    expect(spent).toBeGreaterThan(0)
    expect(spent).toBeLessThanOrEqual(10 * GRANTS)
    // What was not there yet when it was asked for is there now, once.
    const second = await crew.run({ ...job, task: 'grant', grants: GRANTS, calls: TAKES })
    expect(second.map(({ granted }) => granted)).toEqual(second.map(() => 0))
    expect(spent + sum(second)).toBe(10 * GRANTS)
  },
)
