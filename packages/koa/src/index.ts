import type { Decision, Limiter, Mode } from '@sluice/core'
import {
  after,
  createHttpLimiter,
  type Framework,
  nodeHeaders,
  type Outcome,
  type RateLimitOptions as HttpOptions,
  whenNodeSent,
  whenOver,
} from '@sluice/core/http/adapter'
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
  whenGone: (gone, ctx) => whenOver(ctx.res, ctx.req.socket, gone),
}

/**
 * Koa middleware that limits requests.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function rateLimit<M extends Mode = 'sync'>(
  options: RateLimitOptions<M>,
): Middleware<RateLimitState> & { readonly limiter: Limiter<M> } {
  const http = createHttpLimiter<[Context], Respond>(options, koa)

  /** Writes what was decided, and goes on or answers. */
  async function proceed(ctx: Context, next: Next, outcome: Outcome): Promise<void> {
    const { decision, refusal, over, writeHeaders } = outcome
    const { res, onerror } = ctx
    const late = http.needsResponse && refusal === undefined
    ctx.state[http.property] = decision
    if (over !== undefined) whenNodeSent(res, ctx.req.socket, over, http.countsBytes)
    if (!late) writeHeaders(nodeHeaders(res))
    // Koa drops every header of a response that fails, but for those of the error, which other requests may get, too.
    const failed = (error: Error): void => {
      const { end } = res
      const write = (): void => writeHeaders(nodeHeaders(res), res.statusCode)
      Object.assign(res, { end: (...args: Parameters<typeof end>) => (write(), end.apply(res, args)) })
      onerror.call(ctx, error)
    }
    Object.assign(ctx, { onerror: failed })
    try {
      if (refusal === undefined) await next()
      // Somebody has answered while this request had to wait.
      else if (ctx.headerSent) return
      else if (options.respond !== undefined && decision !== undefined) await options.respond(ctx, decision)
      else Object.assign(ctx, { status: refusal.status, type: refusal.contentType, body: refusal.body })
    } finally {
      if (late) writeHeaders(nodeHeaders(res), ctx.status)
    }
  }

  const rateLimit: Middleware<RateLimitState> = (ctx, next) =>
    after(http.handle(ctx), (outcome) => (outcome ? proceed(ctx, next, outcome) : next())) as Promise<unknown>
  return Object.assign(rateLimit, { limiter: http.limiter as Limiter<M> })
}
