const assert = require('node:assert/strict')
const { createLimiter, tokenBucket } = require('@sluice/core')
const { storeCases } = require('@sluice/core/conformance')
const http = require('@sluice/core/http')
const express = require('@sluice/express')
const hono = require('@sluice/hono')
const koa = require('@sluice/koa')

assert.match(require.resolve('@sluice/core'), /cjs/)
const limiter = createLimiter({ algorithm: tokenBucket({ capacity: 1, refill: 1, per: '1h' }) })
assert.equal(limiter.take('someone').allowed, true)
assert.equal(limiter.take('someone').allowed, false)
assert.ok(storeCases.length > 0)
assert.equal(typeof http.createHttpLimiter, 'function')
for (const adapter of [express, koa, hono]) {
  assert.equal(typeof adapter.rateLimit({ limit: 5, window: '1m' }), 'function')
  assert.equal(adapter.createLimiter, createLimiter)
}
