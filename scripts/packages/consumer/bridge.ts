// Compiled where rate-limiter-flexible is installed; never run.
import { rateLimit as forExpress } from '@sluice/express'
import { fromRateLimiterFlexible, rateLimit as forHono } from '@sluice/hono'
import { rateLimit as forKoa } from '@sluice/koa'
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  type RateLimiterPostgres,
  RLWrapperBlackAndWhite,
} from 'rate-limiter-flexible'

declare const postgres: RateLimiterPostgres

forExpress({ limiter: fromRateLimiterFlexible(postgres) })
forKoa({ limiter: fromRateLimiterFlexible(new RLWrapperBlackAndWhite({ limiter: postgres })) })
const memory = new RateLimiterMemory({ points: 5, duration: 60 })
forHono({ limiter: fromRateLimiterFlexible(memory, { name: 'logins' }) })
// @ts-expect-error: what cannot be peeked at cannot be bridged.
fromRateLimiterFlexible(new BurstyRateLimiter(memory, memory))
