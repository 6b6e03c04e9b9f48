import type { Decision, Limiter, Mode } from '@sluice/core'
import {
  after,
  createHttpLimiter,
  type Framework,
  type Outcome,
  type RateLimitOptions as HttpOptions,
  type ResponseHeaders,
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
  route: (ctx) => (ctx['_matchedRoute'] as string | undefined) ?? ctx.path,
}

/** The response's headers; what is set is also put into `written`. */
const headersOf = (ctx: Context, written: Record<string, string>): ResponseHeaders => ({
  get: (name) => ctx.response.get(name) || undefined,
  set(name, value) {
    ctx.set(name, value)
    written[name] = value
  },
  remove: (name) => ctx.remove(name),
})

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
    const written: Record<string, string> = {}
    const write = (status?: number): void => writeHeaders(headersOf(ctx, written), status)
    ctx.state[http.property] = decision
    if (release !== undefined) ctx.res.once('close', () => void release())
    if (!http.needsResponse) write()
    try {
      if (refusal === undefined) await next()
      else if (options.respond !== undefined && decision !== undefined) await options.respond(ctx, decision)
      else Object.assign(ctx, { status: refusal.status, type: refusal.contentType, body: refusal.body })
      if (http.needsResponse) write(ctx.status)
    } catch (error) {
      if (http.needsResponse) write()
      // Koa drops every header of a response that fails, but for those that the error carries.
      const failed = error as { headers?: Record<string, string> }
      if (error instanceof Error) failed.headers = { ...written, ...failed.headers }
      throw error
    }
  }

  const rateLimit: Middleware<RateLimitState> = (ctx, next) =>
    after(http.handle(ctx), (outcome) => (outcome ? proceed(ctx, next, outcome) : next())) as Promise<unknown>
  return Object.assign(rateLimit, { limiter: http.limiter })
}
