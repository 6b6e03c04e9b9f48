import type { Decision, Limiter, Mode } from '@sluice/core'
import {
  createHttpLimiter,
  type Framework,
  type RateLimitOptions as HttpOptions,
  whenBodyEnds,
  withHeaders,
} from '@sluice/core/http'
import type { Context, MiddlewareHandler } from 'hono'

export * from '@sluice/core'
export * from '@sluice/core/keys'

/**
 * The variables of an app's context: `new Hono<{ Variables: RateLimitVariables }>()`. No interface: Hono wants a type that
 * can be indexed.
 */
export type RateLimitVariables = {
  /** What the rate limiter decided about this request. */
  rateLimit?: Decision
}

/** What `respond` gets: it gives the whole answer. */
export type Respond = (c: Context, decision: Decision) => Response | Promise<Response>

/** The options of `rateLimit`; its functions get Hono's own `c`. */
export type RateLimitOptions<M extends Mode = Mode> = HttpOptions<[c: Context], Respond, M>

/** The connection, where Hono runs on its Node server. */
interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
}

const peer = (c: Context): string | undefined =>
  (c.env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress

const hono: Framework<[Context]> = {
  method: (c) => c.req.method,
  header: (name, c) => c.req.header(name),
  address: peer,
  peer,
  route: (c) => (c.req.routePath.includes('*') ? c.req.path : c.req.routePath),
}

/**
 * Hono middleware that limits requests, on every runtime that Hono runs on.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function rateLimit(
  options: RateLimitOptions,
): MiddlewareHandler<{ Variables: RateLimitVariables }> & { readonly limiter: Limiter } {
  const http = createHttpLimiter<[Context], Respond>(options, hono)

  const rateLimit: MiddlewareHandler<{ Variables: RateLimitVariables }> = async (c, next) => {
    const outcome = await http.handle(c)
    if (outcome === undefined) return next()
    const { decision, refusal, release, writeHeaders } = outcome
    if (decision !== undefined) c.set(http.property as 'rateLimit', decision)
    if (refusal === undefined) {
      await next().catch((error: unknown) => {
        void release?.()
        throw error
      })
    } else {
      const { status, contentType, body } = refusal
      const head = new Response(null, { status, headers: { 'Content-Type': contentType } })
      c.res = (decision && (await options.respond?.(c, decision))) ?? c.body(body, head)
    }
    // Only now: a handler that gives a raw Response would lose what was set before.
    let response = withHeaders(c.res, writeHeaders)
    // Hono drops the body of an answer to HEAD, and nobody reads it to its end.
    if (release !== undefined && c.req.method === 'HEAD') void release()
    else if (release !== undefined) response = whenBodyEnds(response, release)
    if (response === c.res) return
    // Else the fields of the response that it replaces would be put over its own.
    c.res = undefined
    c.res = response
  }
  return Object.assign(rateLimit, { limiter: http.limiter })
}
