import { createServer, type Server } from 'node:http'
import { Readable } from 'node:stream'
import { Router } from '@koa/router'
import type { CaseApp, CaseLimiter } from '@sluice/core/http'
import Koa, { type Context, type Middleware } from 'koa'
import Koa2 from 'koa2'
import { rateLimit } from '../src/index.ts'

/** The versions of Koa that are supported. Version 2 is called by the types of version 3. */
export const versions: Record<string, typeof Koa> = {
  'Koa 3': Koa,
  'Koa 2': Koa2 as unknown as typeof Koa,
}

const middleware = ({ options, respond }: CaseLimiter): Middleware =>
  rateLimit({
    ...options<[Context]>((name, ctx) => ctx.get(name) || undefined),
    ...(respond && { respond: (ctx) => Object.assign(ctx, respond) }),
  })

/** Serves the app that the HTTP cases ask for. Koa's own handler answers errors. */
export function caseServer(Version: typeof Koa, app: CaseApp, errors: unknown[]): Server {
  return serverOf(caseApp(Version, app, errors))
}

export function serverOf(app: Koa): Server {
  const handle = app.callback()
  return createServer((req, res) => void handle(req, res))
}

function caseApp(Version: typeof Koa, app: CaseApp, errors: unknown[]): Koa {
  const {
    limiters,
    subLimiters = [],
    before = {},
    wait = async () => undefined,
    property = 'rateLimit',
  } = app
  const sub = new Router()
  for (const limiter of subLimiters) sub.use(middleware(limiter))
  sub.get('/here', (ctx) => {
    ctx.body = 'here'
  })

  const routes = new Router()
  routes.get('/', (ctx) => {
    ctx.body = 'ok'
  })
  routes.get('/raw', (ctx) => {
    ctx.respond = false
    ctx.res.statusCode = 200
    ctx.res.end('raw')
  })
  routes.get('/boom', () => {
    throw new Error('boom')
  })
  routes.get('/redirect', (ctx) => ctx.redirect('/'))
  routes.get('/cached', (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=60')
    ctx.body = 'cached'
  })
  routes.get('/seen', (ctx) => {
    ctx.body = JSON.stringify(ctx.state[property] ?? null)
  })
  routes.get('/slow', async (ctx) => {
    await wait()
    ctx.body = 'slow'
  })
  routes.get('/stream', (ctx) => {
    ctx.type = 'text'
    ctx.body = Readable.from(parts(wait))
  })
  routes.use('/sub', sub.routes())

  const made = new Version()
  made.on('error', (error, ctx) => {
    errors.push(error)
    // Koa 2 leaves a response open whose stream has failed.
    if (ctx.headerSent) ctx.res.destroy()
  })
  made.use(async (ctx, next) => {
    ctx.set(before)
    await next()
  })
  for (const limiter of limiters) made.use(middleware(limiter))
  made.use(routes.routes() as Middleware)
  return made
}

async function* parts(wait: () => Promise<void>): AsyncGenerator<string> {
  yield 'one'
  await wait()
  yield 'two'
}
