import { describe } from 'vitest'
import { balancesOf, conformanceOf } from '../../testing/conformance-of.ts'
import { singleSetups, storesOn } from '../../testing/redis-stores.ts'

for (const setup of singleSetups) {
  describe(`the Redis store on ${setup.name}`, () => {
    const open = storesOn(setup)
    conformanceOf(open, setup.isOlder ? 15 : undefined)
    balancesOf(open)
  })
}
