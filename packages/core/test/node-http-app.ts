import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { CaseApp, CaseLimiter } from '../src/http/index.ts'
import { rateLimit } from './node-http-adapter.ts'

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown
type Middleware = ReturnType<typeof rateLimit>

const middleware = ({ options, respond }: CaseLimiter): Middleware =>
  rateLimit({
    ...options((name, req: IncomingMessage, _res: ServerResponse) => req.headers[name]?.toString()),
    ...(respond && { respond: (_req, res) => res.writeHead(respond.status).end(respond.body) }),
  })

/** The app that the HTTP cases ask for, on nothing but `node:http`. */
export function caseServer(app: CaseApp, errors: unknown[]): Server {
  const { before = {}, property = 'rateLimit', wait = async () => undefined } = app
  const routes: Record<string, Handler> = {
    '/': (_req, res) => res.end('ok'),
    '/raw': (_req, res) => res.end('raw'),
    '/boom': () => {
      throw new Error('boom')
    },
    '/redirect': (_req, res) => end(res.setHeader('location', '/'), 302),
    '/cached': (_req, res) => res.setHeader('cache-control', 'public, max-age=60').end('cached'),
    '/seen': (req, res) =>
      res.end(JSON.stringify(Object.getOwnPropertyDescriptor(req, property)?.value ?? null)),
    '/slow': async (_req, res) => {
      await wait()
      res.end('slow')
    },
    '/stream': async (_req, res) => {
      res.write('one')
      await wait()
      res.end('two')
    },
    '/sub/here': (_req, res) => res.end('here'),
  }
  const everywhere = app.limiters.map(middleware)
  const inSub = (app.subLimiters ?? []).map(middleware)

  return createServer((req, res) => {
    const path = req.url ?? ''
    const chain = path.startsWith('/sub/') ? [...everywhere, ...inSub] : everywhere
    const fail = (error: unknown): void => {
      errors.push(error)
      if (res.headersSent) res.destroy()
      else end(res, 500)
    }
    const step = (index: number): void => {
      const limiter = chain[index]
      if (limiter !== undefined)
        return limiter(req, res, (error) => (error === undefined ? step(index + 1) : fail(error)))
      const handler = routes[path] ?? ((_req, missing) => end(missing, 404))
      void Promise.resolve(res)
        .then(() => handler(req, res))
        .catch(fail)
    }
    res.setHeaders(new Headers(before))
    step(0)
  })
}

function end(res: ServerResponse, status: number): void {
  res.statusCode = status
  res.end()
}
