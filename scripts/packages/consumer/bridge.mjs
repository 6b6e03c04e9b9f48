import assert from 'node:assert/strict'
import { fromRateLimiterFlexible } from '@sluice/core'
import { RateLimiterMemory } from 'rate-limiter-flexible'

const limiter = fromRateLimiterFlexible(new RateLimiterMemory({ points: 1, duration: 60 }))
assert.equal((await limiter.take('someone')).source, 'store')
assert.equal((await limiter.take('someone')).allowed, false)
