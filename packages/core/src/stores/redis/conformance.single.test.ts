import { describe } from 'vitest'
import { conformanceOf } from '../../testing/conformance-of.ts'
import { singleSetups, storesOn } from '../../testing/redis-stores.ts'

for (const setup of singleSetups) {
  describe(`the Redis store on ${setup.name}`, () => {
    conformanceOf(storesOn(setup), setup.isOlder ? 15 : undefined)
  })
}
