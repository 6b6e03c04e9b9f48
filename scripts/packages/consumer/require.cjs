const assert = require('node:assert/strict')
const { createLimiter, fromRateLimiterFlexible, tokenBucket } = require('@sluice/core')
const { storeCases } = require('@sluice/core/conformance')
const http = require('@sluice/core/http')
const { memcachedStore } = require('@sluice/core/memcached')
const { redisStore } = require('@sluice/core/redis')
const { failurePolicy } = require('@sluice/core/stores')
const express = require('@sluice/express')
const hono = require('@sluice/hono')
const koa = require('@sluice/koa')

assert.match(require.resolve('@sluice/core'), /cjs/)
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
  assert.equal(adapter.createLimiter, createLimiter)
}
