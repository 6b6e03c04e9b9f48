import { describe } from 'vitest'
import { conformanceOf } from '../../testing/conformance-of.ts'
import { clusterSetups, storesOn } from '../../testing/redis-stores.ts'

for (const setup of clusterSetups) {
  describe(`the Redis store on ${setup.name}`, () => {
    conformanceOf(storesOn(setup), setup.isOlder ? 15 : undefined)
  })
}
