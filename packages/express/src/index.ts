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
import type { Decision, Limiter, Mode } from '@sluice/core'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import onHeaders from 'on-headers'

export * from '@sluice/core'
export * from '@sluice/core/keys'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- this is how Express lets a middleware extend its Request
  namespace Express {
    interface Request {
      /** What the rate limiter decided about this request. */
      rateLimit?: Decision
    }
  }
}

/** What `respond` gets: it has to answer, or to call `next`. */
export type Respond = (req: Request, res: Response, decision: Decision, next: NextFunction) => unknown

/** The options of `rateLimit`; its functions get Express' own `(req, res)`. */
export type RateLimitOptions<M extends Mode = Mode> = HttpOptions<[req: Request, res: Response], Respond, M>

const express: Framework<[Request, Response]> = {
  method: (req) => req.method,
  header: (name, req) => req.headers[name]?.toString(),
  address: (req) => req.ip,
  peer: (req) => req.socket.remoteAddress,
  trustsProxy: (req) => Boolean(req.app.get('trust proxy')),
  route: (req) =>
    req.route ? `${req.baseUrl}${String((req.route as { path: unknown }).path)}` : req.baseUrl + req.path,
  whenGone: (gone, req, res) => whenOver(res, req.socket, gone),
}

/**
 * Express middleware that limits requests.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function rateLimit<M extends Mode = 'sync'>(
  options: RateLimitOptions<M>,
): RequestHandler & { readonly limiter: Limiter<M> } {
  const http = createHttpLimiter<[Request, Response], Respond>(options, express)

  /** Writes what was decided, and goes on or answers. */
  function proceed(req: Request, res: Response, next: NextFunction, outcome: Outcome | undefined): unknown {
    if (outcome === undefined) return next()
    const { decision, refusal, over, writeHeaders } = outcome
    if (over !== undefined) whenNodeSent(res, req.socket, over, http.countsBytes)
    // Some of what requests have can only be read.
    if (!Reflect.set(req, http.property, decision))
      throw new TypeError(`property must be a name that Express leaves free, got '${http.property}'`)
    // Somebody has answered while this request had to wait.
    if (refusal !== undefined && res.headersSent) return undefined
    if (http.needsResponse && refusal === undefined)
      onHeaders(res, () => writeHeaders(nodeHeaders(res), res.statusCode))
    else writeHeaders(nodeHeaders(res))
    if (refusal === undefined) return next()
    if (options.respond !== undefined && decision !== undefined)
      return options.respond(req, res, decision, next)
    return res.status(refusal.status).setHeader('Content-Type', refusal.contentType).end(refusal.body)
  }

  function rateLimit(req: Request, res: Response, next: NextFunction): void {
    const done = after(http.handle(req, res), (outcome) => proceed(req, res, next, outcome))
    // What fails later than at once, Express 4 does not hear of by itself.
    if (done !== undefined) Promise.resolve(done).catch(next)
  }
  return Object.assign(rateLimit, { limiter: http.limiter as Limiter<M> })
}
