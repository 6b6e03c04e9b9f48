/** Apps that one limiter is put before, with the same routes in each framework: `/`, `/failed` (400), `/raw`, `/boom`. */

import { versions as versionsOfExpress } from '../../packages/express/test/app.ts'
import { versions as versionsOfKoa } from '../../packages/koa/test/app.ts'
import { type Express, type HonoApp, Hono, type Middleware, type RequestHandler } from './peers.ts'
import { type Send, type Sent, serve } from './requests.ts'

const express = versionsOfExpress['Express 5']!
const Koa = versionsOfKoa['Koa 3']!

export function expressApp(
  limiter: RequestHandler,
  change: (app: Express) => void = () => undefined,
): Promise<Send> {
  const app = express()
  app.set('env', 'test')
  change(app)
  app.use(limiter)
  app.get('/', (_req, res) => void res.send('ok'))
  app.get('/failed', (_req, res) => void res.sendStatus(400))
  app.get('/seen', (req, res) => void res.json(req.rateLimit ?? null))
  return serve(app)
}

export function koaApp(limiter: Middleware, change: { proxy?: boolean } = {}): Promise<Send> {
  const app = new Koa()
  Object.assign(app, { silent: true, ...change })
  app.use(limiter)
  app.use((ctx) => {
    if (ctx.path === '/boom') throw new Error('boom')
    ctx.body = ctx.path === '/seen' ? { seen: ctx.state['rateLimit'] ?? null } : 'ok'
  })
  const handle = app.callback()
  return serve((req, res) => void handle(req, res))
}

/** Without a server: Hono answers requests as they are. */
export function honoApp(...limiters: unknown[]): Send {
  const app: HonoApp = new Hono()
  for (const limiter of limiters) app.use(limiter as Parameters<HonoApp['use']>[1])
  app.onError((_error, c) => c.text('error', 500))
  app.get('/', (c) => c.text('ok'))
  app.get('/failed', (c) => c.text('failed', 400))
  app.get('/raw', () => new Response('raw'))
  app.get('/seen', (c) => c.json({ seen: c.get('rateLimit' as never) ?? null }))

  async function send({ path = '/', method = 'GET', headers = {} }: Sent = {}): ReturnType<Send> {
    const response = await app.request(path, { method, headers })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    }
  }
  const together = async (times: number): Promise<number[]> =>
    (await Promise.all(Array.from({ length: times }, () => send()))).map(({ status }) => status)
  return Object.assign(send, { together })
}
