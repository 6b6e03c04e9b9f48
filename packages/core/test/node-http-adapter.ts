import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHttpLimiter, type Framework, nodeHeaders, whenNodeSent, whenOver } from '../src/http/index.ts'
import type { Outcome, RateLimitOptions } from '../src/http/index.ts'

type Args = [req: IncomingMessage, res: ServerResponse]
type Next = (error?: unknown) => void
type Respond = (...args: [...Args, next: Next]) => unknown

const node: Framework<Args> = {
  method: (req) => req.method ?? '',
  header: (name, req) => req.headers[name]?.toString(),
  address: (req) => req.socket.remoteAddress,
  peer: (req) => req.socket.remoteAddress,
  route: (req) => req.url,
  whenGone: (gone, req, res) => whenOver(res, req.socket, gone),
}

export function rateLimit(options: RateLimitOptions<Args, Respond>): (...args: [...Args, Next]) => void {
  const http = createHttpLimiter(options, node)

  function proceed(req: IncomingMessage, res: ServerResponse, next: Next, outcome?: Outcome): unknown {
    if (outcome === undefined) return next()
    const { decision, refusal, over, writeHeaders } = outcome
    Object.assign(req, { [http.property]: decision })
    if (over !== undefined) whenNodeSent(res, req.socket, over, http.countsBytes)
    const writeHead = res.writeHead.bind(res)
    const write = (status: number): void => writeHeaders(nodeHeaders(res), status)
    if (!http.needsResponse || refusal) write(res.statusCode)
    else Object.assign(res, { writeHead: (status: number) => (write(status), writeHead(status)) })
    if (refusal === undefined) return next()
    if (options.respond !== undefined && decision !== undefined) return options.respond(req, res, next)
    return res.writeHead(refusal.status, { 'content-type': refusal.contentType }).end(refusal.body)
  }
  const decide = async (...args: Args): Promise<Outcome | undefined> => http.handle(...args)
  return (req, res, next) => {
    decide(req, res)
      .then((outcome) => proceed(req, res, next, outcome))
      .catch(next)
  }
}
