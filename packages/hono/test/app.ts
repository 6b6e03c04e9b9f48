import type { CaseApp, CaseLimiter } from '@sluice/core/http'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { rateLimit } from '../src/index.ts'

const middleware = ({ options, respond }: CaseLimiter): MiddlewareHandler =>
  rateLimit({
    ...options<[Context]>((name, c) => c.req.header(name)),
    ...(respond && { respond: () => new Response(respond.body, { status: respond.status }) }),
  })

/** The app that the HTTP cases ask for. */
export function caseApp(app: CaseApp, errors: unknown[]): Hono {
  const {
    limiters,
    subLimiters = [],
    before = {},
    wait = async () => undefined,
    property = 'rateLimit',
  } = app
  const sub = new Hono()
  for (const limiter of subLimiters) sub.use(middleware(limiter))
  sub.get('/here', (c) => c.text('here'))

  const made = new Hono()
  made.onError((error, c) => {
    errors.push(error)
    return c.text('Internal Server Error', 500)
  })
  made.use(async (c, next) => {
    for (const [name, value] of Object.entries(before)) c.header(name, value)
    await next()
  })
  for (const limiter of limiters) made.use(middleware(limiter))
  made.get('/', (c) => c.text('ok'))
  made.get('/raw', () => new Response('raw'))
  made.get('/boom', () => {
    throw new Error('boom')
  })
  made.get('/redirect', (c) => c.redirect('/'))
  made.get('/cached', (c) => c.text('cached', 200, { 'Cache-Control': 'public, max-age=60' }))
  made.get('/seen', (c) => c.json(c.get(property as never) ?? null))
  made.get('/slow', async (c) => {
    await wait()
    return c.text('slow')
  })
  made.get('/stream', (c) => c.body(inParts(wait)))
  made.route('/sub', sub)
  return made
}

/** Makes each part only when it is asked for, as streams do whose readers may go away. */
function inParts(wait: () => Promise<void>): ReadableStream<Uint8Array> {
  const parts = ['one', 'two'].map((part) => new TextEncoder().encode(part))
  return new ReadableStream(
    {
      async pull(controller) {
        const part = parts.shift()
        if (parts.length === 0 && part !== undefined) await wait()
        if (part === undefined) controller.close()
        else controller.enqueue(part)
      },
    },
    { highWaterMark: 0 },
  )
}
