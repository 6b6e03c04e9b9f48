import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { type Crew, crewOf, type Place, type Result, sum } from './crew.ts'
import { algorithmsAtRest, places } from './places.ts'

/** Eight processes with 8 calls in flight each want this many, of which there are 20. */
const LIMIT = 20
const PROCESSES = 8
const IN_FLIGHT = 8
const warnAt = [0.5, 0.8, 1]

const algorithms = algorithmsAtRest(LIMIT)

const warnings = (results: readonly Result[]): number[] =>
  results.flatMap(({ warned = [] }) => warned).toSorted((a, b) => a - b)

let crew: Crew
beforeAll(async () => {
  crew = await crewOf(PROCESSES)
})
afterAll(() => crew.stop())

for (const [name, find] of Object.entries(places)) {
  describe(`of ${PROCESSES} processes on ${name} one is warned of each threshold`, () => {
    let store: Place
    beforeAll(async () => {
      store = await find()
    })

    it.each(algorithms)('%s %o', async (...algorithm) => {
      const job = { store, algorithm, calls: 32, inFlight: IN_FLIGHT, warnAt } as const
      const results = await crew.run({ ...job, task: 'take' })
      expect(sum(results)).toBe(LIMIT)
      expect(warnings(results)).toEqual(warnAt)
    })

    it.each(algorithms)('while usage hovers about it: %s %o', async (...algorithm) => {
      const job = { store, algorithm, calls: 32, inFlight: IN_FLIGHT, warnAt: [0.5] } as const
      const results = await crew.run({ ...job, task: 'hover' })
      expect(sum(results)).toBeGreaterThan(LIMIT)
      expect(warnings(results)).toEqual([0.5])
    })
  })
}

describe(`of ${PROCESSES} processes that lease from Redis one is warned of each threshold`, () => {
  it.each(algorithms.filter(([name]) => name !== 'concurrency'))('%s %o', async (name, options) => {
    const large = { ...options, ...(name === 'tokenBucket' ? { capacity: 2000 } : { limit: 2000 }) }
    const results = await crew.run({
      store: { kind: 'redis', port: (await redisOfRun()).port },
      algorithm: [name, large],
      lease: { size: 20, maxHold: '1m' },
      task: 'take',
      calls: 300,
      inFlight: IN_FLIGHT,
      warnAt,
    })
    // What others hold is left over where the limit is reached.
    expect(sum(results)).toBeGreaterThan(1800)
    expect(sum(results)).toBeLessThanOrEqual(2000)
    expect(warnings(results)).toEqual(warnAt)
  })
})
