import { describe, it } from 'vitest'
import { laws, storeCases } from '../../conformance.ts'
import { storesOnMemcached } from '../../testing/memcached-stores.ts'

describe('the Memcached store', () => {
  const open = storesOnMemcached()
  for (const { name, run } of storeCases) it(name, () => run(open))
  for (const { name, run } of laws) it(name, () => run(open, { histories: 60 }))
})
