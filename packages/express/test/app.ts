import type { CaseApp, CaseLimiter } from '@sluice/core/http'
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import express4 from 'express4'
import { rateLimit } from '../src/index.ts'

/** The versions of Express that are supported. Version 4 is called by the types of version 5. */
export const versions: Record<string, typeof express> = {
  'Express 5': express,
  'Express 4': express4 as unknown as typeof express,
}

const middleware = ({ options, respond }: CaseLimiter): RequestHandler =>
  rateLimit({
    ...options<[Request, Response]>((name, req) => req.get(name)),
    ...(respond && { respond: (_req, res) => res.status(respond.status).send(respond.body) }),
  })

/** The app that the HTTP cases ask for. Errors go on to Express' own handler. */
export function caseApp(make: typeof express, app: CaseApp, errors: unknown[]): Express {
  const {
    limiters,
    subLimiters = [],
    before = {},
    wait = async () => undefined,
    property = 'rateLimit',
  } = app
  const sub = make.Router()
  for (const limiter of subLimiters) sub.use(middleware(limiter))
  sub.get('/here', (_req, res) => void res.send('here'))

  const made = make()
  made.set('env', 'test')
  made.use((_req, res, next) => {
    res.set(before)
    next()
  })
  for (const limiter of limiters) made.use(middleware(limiter))
  made.get('/', (_req, res) => void res.send('ok'))
  made.get('/raw', (_req, res) => void res.end('raw'))
  made.get('/boom', () => {
    throw new Error('boom')
  })
  made.get('/redirect', (_req, res) => res.redirect('/'))
  made.get('/cached', (_req, res) => void res.set('Cache-Control', 'public, max-age=60').send('cached'))
  made.get('/seen', (req, res) => void res.json(req[property as 'rateLimit'] ?? null))
  made.get('/slow', (_req, res, next) => {
    wait().then(() => res.send('slow'), next)
  })
  made.get('/stream', (_req, res, next) => {
    res.write('one')
    wait().then(() => res.end('two'), next)
  })
  made.use('/sub', sub)
  made.use((error: unknown, _req: Request, _res: Response, next: NextFunction) => {
    errors.push(error)
    next(error)
  })
  return made
}
