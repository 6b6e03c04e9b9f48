/** Other libraries' limiters, all with the same limit, unless options say otherwise. */

import { rateLimit, type Options } from 'express-rate-limit'
import { rateLimiter } from 'hono-rate-limiter'
// @ts-expect-error: its types are a package of their own
import ratelimit from 'koa-ratelimit'
import type { Middleware, RequestHandler } from './peers.ts'

export const limit = 2
export const window = '1m'
export const windowMs = 60_000
export const keyGenerator = (): string => 'client'

/** express-rate-limit, without the checks whose complaints nobody asks for. */
export const ofExpress = (options: Partial<Options> = {}): RequestHandler =>
  rateLimit({ windowMs, limit, validate: false, ...options })

/** hono-rate-limiter, which has to be told a key. */
export const ofHono = (options: object = {}): unknown =>
  rateLimiter({ windowMs, limit, keyGenerator, ...options })

/** koa-ratelimit, in memory. */
export const ofKoa = (options: object = {}): Middleware =>
  ratelimit({ driver: 'memory', db: new Map(), duration: windowMs, max: limit, ...options })
