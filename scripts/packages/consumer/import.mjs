import assert from 'node:assert/strict'
import { createLimiter, fromRateLimiterFlexible, tokenBucket } from '@sluice/core'
import { storeCases } from '@sluice/core/conformance'
import * as http from '@sluice/core/http'
import { memcachedStore } from '@sluice/core/memcached'
import { redisStore } from '@sluice/core/redis'
import { failurePolicy } from '@sluice/core/stores'
import * as express from '@sluice/express'
import * as hono from '@sluice/hono'
import * as koa from '@sluice/koa'

const limiter = createLimiter({ algorithm: tokenBucket({ capacity: 1, refill: 1, per: '1h' }) })
assert.equal(limiter.take('someone').allowed, true)
assert.equal(limiter.take('someone').allowed, false)
assert.ok(storeCases.length > 0)
assert.equal(typeof http.createHttpLimiter, 'function')

const nobody = async () => Promise.reject(new Error('nobody is there'))
const remote = createLimiter({ limit: 5, window: '1m', store: redisStore({ evalsha: nobody, eval: nobody }) })
remote.take('someone').then(({ source }) => assert.equal(source, 'fallback'))

// rate-limiter-flexible may be missing: whatever has its methods is bridged.
const methods = { consume: nobody, penalty: nobody, reward: nobody, get: nobody, delete: nobody }
const bridge = fromRateLimiterFlexible({ ...methods, points: 5, duration: 60 })
bridge.take('someone').then(({ source }) => assert.equal(source, 'fallback'))
assert.equal(typeof memcachedStore, 'function')
assert.equal(typeof failurePolicy, 'function')
for (const adapter of [express, koa, hono]) {
  assert.equal(typeof adapter.rateLimit({ limit: 5, window: '1m' }), 'function')
  // One core for all: a limiter made with an adapter's own export is the same thing.
  assert.equal(adapter.createLimiter, createLimiter)
}
