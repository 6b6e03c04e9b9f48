import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Crew, crewOf, type Place, sum } from './crew.ts'
import { algorithmsAtRest, places } from './places.ts'

/** Eight processes with 64 calls in flight each want this many, of which there are 100. */
const LIMIT = 100
const PROCESSES = 8
const IN_FLIGHT = 64

const algorithms = algorithmsAtRest(LIMIT)

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
