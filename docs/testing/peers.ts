/** Other libraries and what they run on, from where the packages of this repository have them. */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { flexible } from '../../packages/core/test/peers.ts'
import type { versions as versionsOfExpress } from '../../packages/express/test/app.ts'
import type { Respond } from '../../packages/express/src/index.ts'
import type * as HonoModule from '../../packages/hono/node_modules/hono/dist/types/index.d.ts'
import type { rateLimit as rateLimitOfKoa } from '../../packages/koa/src/index.ts'
import { root } from './markdown.ts'

export { flexible, Memcached, Redis } from '../../packages/core/test/peers.ts'

export type Express = ReturnType<(typeof versionsOfExpress)[string]>
type OfRespond = Parameters<Respond>
/** A middleware of Express. */
export type RequestHandler = (req: OfRespond[0], res: OfRespond[1], next: OfRespond[3]) => void
type OfKoa = ReturnType<typeof rateLimitOfKoa>
/** A middleware of Koa. */
export type Middleware = (...args: Parameters<OfKoa>) => ReturnType<OfKoa>

const ofHono = createRequire(join(root, 'packages', 'hono', 'package.json'))
export const { Hono } = ofHono('hono') as typeof HonoModule
export type HonoApp = InstanceType<typeof Hono>

/** Whether a limiter of rate-limiter-flexible lets costs of one key pass, one after the other. */
export async function consumed(
  limiter: Pick<flexible.RateLimiterAbstract, 'consume'>,
  costs: readonly number[],
): Promise<boolean[]> {
  const passed: boolean[] = []
  for (const cost of costs) {
    const refused = (error: unknown): boolean => {
      // Only a refusal is no error.
      if (error instanceof Error) throw error
      return false
    }
    passed.push(await limiter.consume('key', cost).then(() => true, refused))
  }
  return passed
}
