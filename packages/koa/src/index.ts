import type { Decision, Limiter, Mode } from '@sluice/core'
import {
  after,
  createHttpLimiter,
  type Framework,
  nodeHeaders,
  type Outcome,
  plainHeaders,
  type RateLimitOptions as HttpOptions,
  whenOver,
} from '@sluice/core/http'
import type { Context, Middleware, Next } from 'koa'

export * from '@sluice/core'
export * from '@sluice/core/keys'

/** What handlers find in `ctx.state`. */
export interface RateLimitState {
  /** What the rate limiter decided about this request. */
  rateLimit?: Decision
}

/** What `respond` gets: it sets the answer. */
export type Respond = (ctx: Context, decision: Decision) => unknown

/** The options of `rateLimit`; its functions get Koa's own `ctx`. */
export type RateLimitOptions<M extends Mode = Mode> = HttpOptions<[ctx: Context], Respond, M>

const koa: Framework<[Context]> = {
  method: (ctx) => ctx.method,
  header: (name, ctx) => ctx.req.headers[name]?.toString(),
  address: (ctx) => ctx.ip,
  peer: (ctx) => ctx.req.socket.remoteAddress,
  trustsProxy: (ctx) => ctx.app.proxy,
  route: (ctx) => (ctx['_matchedRoute'] as string | undefined) ?? ctx.path,
}

/**
 * Koa middleware that limits requests.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function rateLimit(
  options: RateLimitOptions,
): Middleware<RateLimitState> & { readonly limiter: Limiter } {
  const http = createHttpLimiter<[Context], Respond>(options, koa)

  /** Writes what was decided, and goes on or answers. */
  async function proceed(ctx: Context, next: Next, outcome: Outcome): Promise<void> {
    const { decision, refusal, release, writeHeaders } = outcome
    const late = http.needsResponse && refusal === undefined
    ctx.state[http.property] = decision
    if (release !== undefined) whenOver(ctx.res, ctx.req.socket, release)
    if (!late) writeHeaders(nodeHeaders(ctx.res))
    try {
      if (refusal === undefined) await next()
      else if (options.respond !== undefined && decision !== undefined) await options.respond(ctx, decision)
      else Object.assign(ctx, { status: refusal.status, type: refusal.contentType, body: refusal.body })
      if (late) writeHeaders(nodeHeaders(ctx.res), ctx.status)
    } catch (error) {
      if (late) writeHeaders(nodeHeaders(ctx.res))
      // Koa drops every header of a response that fails, but for those that the error carries.
      const failed = error as { headers?: Record<string, string> }
      if (error instanceof Error) writeHeaders(plainHeaders((failed.headers = { ...failed.headers })))
      throw error
    }
  }

  const rateLimit: Middleware<RateLimitState> = (ctx, next) =>
    after(http.handle(ctx), (outcome) => (outcome ? proceed(ctx, next, outcome) : next())) as Promise<unknown>
  return Object.assign(rateLimit, { limiter: http.limiter })
}
