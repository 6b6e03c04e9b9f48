// Compiled as an ES module, as CommonJS and for a bundler; never run.
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { createLimiter, fromRateLimiterFlexible, tokenBucket } from '@sluice/core'
import type { Decision, FlexibleLimiter } from '@sluice/core'
import { memcachedStore, type MemcachedPort } from '@sluice/core/memcached'
import { redisStore, type RedisPort } from '@sluice/core/redis'
import { rateLimit as forExpress } from '@sluice/express'
import { rateLimit as forHono, type RateLimitVariables } from '@sluice/hono'
import { rateLimit as forKoa, type RateLimitState } from '@sluice/koa'

const limiter = createLimiter({ algorithm: tokenBucket({ capacity: 20, refill: 10, per: '1s' }) })
// The default store is synchronous by type: a promise would not have these.
export const decision: Decision = limiter.take('someone')
export const allowed: boolean = limiter.take('someone').allowed

// A store across a network answers with promises, by type too.
export async function shared(redis: RedisPort, memcached: MemcachedPort): Promise<boolean> {
  const store = redisStore(redis, { lease: { size: 10 } })
  const remote = createLimiter({
    limit: 5,
    window: '1m',
    store,
    onStoreError: { fallback: memcachedStore(memcached) },
  })
  return (await remote.take('someone')).allowed
}

// Also where rate-limiter-flexible is not installed.
export async function bridged(flexible: FlexibleLimiter): Promise<Decision> {
  const bridge = fromRateLimiterFlexible(flexible, { name: 'logins' })
  forExpress({ limiter: bridge })
  return bridge.penalty('someone')
}

const app = express()
app.use(forExpress({ limit: (req) => (req.get('x-api-key') ? 1000 : 100), window: '1m' }))
app.get('/', (req, res) => {
  const seen: Decision | undefined = req.rateLimit
  res.json(seen)
})

const koa = new Koa<RateLimitState>()
koa.use(forKoa({ limit: (ctx) => (ctx.get('x-api-key') ? 1000 : 100), window: '1m' }))
koa.use((ctx) => {
  const seen: Decision | undefined = ctx.state.rateLimit
  ctx.body = seen
})

const hono = new Hono<{ Variables: RateLimitVariables }>()
hono.use('*', forHono({ limit: (c) => (c.req.header('x-api-key') ? 1000 : 100), window: '1m' }))
hono.get('/', (c) => {
  const seen: Decision | undefined = c.get('rateLimit')
  return c.json(seen ?? null)
})

// @ts-expect-error: an option that does not exist; if types were lost, everything would be allowed here.
forExpress({ limit: 100, window: '1m', windw: '1m' })
// @ts-expect-error: likewise.
forKoa({ limit: 100, window: '1m', windw: '1m' })
// @ts-expect-error: likewise.
forHono({ limit: 100, window: '1m', windw: '1m' })
