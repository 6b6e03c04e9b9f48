import type { Decision, Limiter, Mode } from '@sluice/core'
import {
  createHttpLimiter,
  type Framework,
  type NodeBindings,
  type RateLimitOptions as HttpOptions,
  whenGone,
  whenSent,
  withHeaders,
} from '@sluice/core/http/adapter'
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

const bindings = (c: Context): NodeBindings | undefined => c.env as NodeBindings

const hono: Framework<[Context]> = {
  method: (c) => c.req.method,
  header: (name, c) => c.req.header(name),
  address: (c) => hono.peer(c),
  peer: (c) => bindings(c)?.incoming?.socket?.remoteAddress,
  route: (c) => (c.req.routePath.includes('*') ? c.req.path : c.req.routePath),
  whenGone: (gone, c) => whenGone(c.req.raw, bindings(c), gone),
}

/**
 * Hono middleware that limits requests, on every runtime that Hono runs on.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function rateLimit<M extends Mode = 'sync'>(
  options: RateLimitOptions<M>,
): MiddlewareHandler<{ Variables: RateLimitVariables }> & { readonly limiter: Limiter<M> } {
  const http = createHttpLimiter<[Context], Respond>(options, hono)

  const rateLimit: MiddlewareHandler<{ Variables: RateLimitVariables }> = async (c, next) => {
    const outcome = await http.handle(c)
    if (outcome === undefined) return next()
    const { decision, refusal, over, writeHeaders } = outcome
    if (decision) c.set(http.property as 'rateLimit', decision)
    try {
      if (refusal === undefined) await next()
      else {
        // What was said of another body goes before there is one; all else is written once the answer is there.
        if (!c.finalized) writeHeaders({ get: () => '', set: () => '', remove: (name) => c.header(name) })
        const { status, contentType, body } = refusal
        const head = new Response(null, { status, headers: { 'Content-Type': contentType } })
        c.res = (decision && (await options.respond?.(c, decision))) ?? c.body(body, head)
      }
      // Only now: a handler that gives a raw Response would lose what was set before.
      const written = withHeaders(c.res, c, writeHeaders)
      const response = whenSent(written, c.req.raw, bindings(c), over, http.countsBytes)
      if (response === c.res) return
      // Else the fields of the response that it replaces would be put over its own.
      c.res = undefined
      c.res = response
    } catch (error) {
      void over?.({ status: 500, bytes: 0, aborted: false })
      // The answer to the error carries the headers, too.
      if (refusal) withHeaders(c.res, c, writeHeaders)
      throw error
    }
  }
  return Object.assign(rateLimit, { limiter: http.limiter as Limiter<M> })
}
