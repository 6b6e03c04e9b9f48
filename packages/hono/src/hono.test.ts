import { createServer, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { timeout } from 'hono/timeout'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { door } from '../../core/src/http/cases/world.ts'
import { listen } from '../../core/test/node-http-server.ts'
import {
  byIp,
  byRoute,
  concurrency,
  type Decision,
  prepaid,
  rateLimit,
  type RateLimitOptions,
  type RateLimitVariables,
} from './index.ts'

type App = Hono<{ Variables: RateLimitVariables }>

const minute = { limit: 1, window: '1m', key: () => 'everyone', headers: 'draft-11' } as const

function appWith(options: RateLimitOptions): App {
  const app: App = new Hono()
  app.use(rateLimit(options))
  return app.get('/', (c) => c.text('ok'))
}

/** What Hono's Node server passes as `env`. */
const peer = (remoteAddress: string): object => ({ incoming: { socket: { remoteAddress } } })

async function status(
  app: { request: App['request'] },
  path = '/',
  init?: RequestInit,
  env?: object,
): Promise<number> {
  return (await app.request(path, init, env)).status
}

/** A response that came over the network, whose headers cannot be changed. */
async function fetched(headers: Record<string, string>): Promise<Response> {
  const { url, close } = await listen(
    createServer((_req, res) => res.writeHead(200, headers).end('from afar')),
  )
  try {
    const response = await fetch(url)
    expect(() => response.headers.set('x', 'y')).toThrow('immutable')
    return response
  } finally {
    await close()
  }
}

describe('the decision', () => {
  it('is among the variables, for handlers and respond', async () => {
    const seen: (Decision | undefined)[] = []
    const app: App = new Hono()
    const respond = (c: Context, decision: Decision): Response => {
      seen.push(c.get('rateLimit') as Decision, decision)
      return c.text('calm', 420 as 429)
    }
    app.use(rateLimit({ ...minute, respond })).get('/', (c) => {
      seen.push(c.get('rateLimit'))
      return c.text('ok')
    })
    expect([await status(app), await status(app)]).toEqual([200, 420])
    expect(seen.map((decision) => decision?.allowed)).toEqual([true, false, false])
    expect(seen[2]).toBe(seen[1])
  })

  it('is of the limiter that the middleware shows', async () => {
    const limit = rateLimit(minute)
    const app = new Hono().use(limit).get('/', (c) => c.text('ok'))
    expect([await status(app), await status(app)]).toEqual([200, 429])
    limit.limiter.reset('everyone')
    expect(await status(app)).toBe(200)
  })

  it('is of the limiter that credits are granted by', async () => {
    const limit = rateLimit({ algorithm: prepaid(), key: () => 'ada' })
    const app = new Hono().use(limit).get('/', (c) => c.text('ok'))
    expect(await status(app)).toBe(429)
    limit.limiter.grant('ada', 1, { id: 'payment 1' })
    expect([await status(app), await status(app)]).toEqual([200, 429])
  })
})

describe('responses', () => {
  it('that came from fetch() carry the headers, beside those of the limiter that is up there', async () => {
    const answer = await fetched({
      RateLimit: '"upstream";r=7;t=9',
      'RateLimit-Policy': '"upstream";q=9;w=60',
    })
    const app = new Hono().use(rateLimit({ ...minute, limit: 5 })).get('/', () => answer)
    const response = await app.request('/')
    expect(response.headers.get('RateLimit')).toMatch(/^"upstream";r=7;t=9, "default";r=4;t=\d+$/)
    expect(response.headers.get('RateLimit-Policy')).toBe('"upstream";q=9;w=60, "default";q=5;w=60')
    expect(await response.text()).toBe('from afar')
  })

  it('that respond has from fetch() are not stored either', async () => {
    const answer = await fetched({ 'Cache-Control': 'public, max-age=60', ETag: '"1"' })
    const response = await appWith({ ...minute, limit: 0, respond: () => answer }).request('/')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(response.headers.has('ETag')).toBe(false)
    expect(response.headers.get('RateLimit')).toMatch(/^"default";r=0/)
  })

  it('of refusals keep what middleware before and around has set', async () => {
    const app = new Hono()
      .use(cors({ origin: 'https://app.example', exposeHeaders: ['ETag'] }))
      .use(async (c, next) => {
        c.header('X-Request-Id', '17')
        c.header('Set-Cookie', 'a=1', { append: true })
        c.header('Set-Cookie', 'b=2', { append: true })
        await next()
      })
      .use(rateLimit({ ...minute, limit: 0, expose: true }))
    const { headers } = await app.request('/', { headers: { origin: 'https://app.example' } })
    expect(headers.get('Access-Control-Allow-Origin')).toBe('https://app.example')
    expect(headers.get('Access-Control-Expose-Headers')).toBe(
      'ETag, RateLimit, RateLimit-Policy, Retry-After',
    )
    expect(headers.get('X-Request-Id')).toBe('17')
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('can be changed by middleware around', async () => {
    const app = new Hono().use(etag()).use(rateLimit({ ...minute, limit: 9 }))
    app.get('/', (c) => c.text('ok'))
    const first = await app.request('/')
    const again = await app.request('/', { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } })
    expect([first.status, again.status]).toEqual([200, 304])
  })
})

describe('a response that a handler gives to every request', () => {
  const options = {
    ...minute,
    limit: 5,
    headers: ['draft-11', 'legacy'],
    key: (c: Context) => c.req.header('x-client'),
  } as const

  async function left(ask: (client: string) => Promise<Response>): Promise<unknown[]> {
    const seen: unknown[] = []
    for (const client of ['ada', 'ada', 'bob', 'ada']) {
      const { headers } = await ask(client)
      seen.push([headers.get('RateLimit')?.replace(/;t=\d+/g, ''), headers.get('X-RateLimit-Remaining')])
    }
    return seen
  }
  const expected = [4, 3, 4, 2].map((rest) => [`"up";r=9, "default";r=${rest}`, `${rest}`])

  it.each([
    ['without a body', () => new Response(null, { status: 204, headers: { RateLimit: '"up";r=9' } })],
    ['that cannot be changed', () => Response.redirect('http://a/', 302)],
  ])('%s, shows each client its own figures', async (_which, make) => {
    const shared = make()
    const app = new Hono().use(rateLimit(options)).get('/', () => shared)
    const seen = await left(async (client) => app.request('/', { headers: { 'x-client': client } }))
    const upstream = shared.headers.has('Location') ? '' : '"up";r=9, '
    expect(seen).toEqual([4, 3, 4, 2].map((rest) => [`${upstream}"default";r=${rest}`, `${rest}`]))
  })

  it('with a body, too, on the Node server', async () => {
    const { fetch: handle } = new Hono().use(rateLimit(options)).get('/', () => shared)
    const server = createAdaptorServer({ fetch: handle }) as Server
    // The server's own kind of Response, whose body can be sent again.
    const shared = new Response('ok', { headers: { RateLimit: '"up";r=9' } })
    const { url, close } = await listen(server)
    const bodies: string[] = []
    const seen = await left(async (client) => {
      const response = await fetch(url, { headers: { 'x-client': client } })
      bodies.push(await response.text())
      return response
    })
    await close()
    expect(seen).toEqual(expected)
    expect(bodies).toEqual(['ok', 'ok', 'ok', 'ok'])
  })
})

describe('a refusal', () => {
  const nothing = (() => undefined) as unknown as () => string
  const ask = (app: { request: App['request'] }): Response | Promise<Response> => app.request('/')

  it('drops what was said of another body', async () => {
    const before: MiddlewareHandler = async (c, next) => {
      c.header('Content-Encoding', 'gzip')
      c.header('Content-Length', '7')
      c.header('ETag', '"1"')
      c.header('X-Kept', 'yes')
      await next()
    }
    const respond = (c: Context): Response => c.text('calm', 429, { 'Content-Language': 'en' })
    for (const options of [{}, { respond }]) {
      const app = new Hono().use(before).use(rateLimit({ ...minute, limit: 0, ...options }))
      const { headers } = await app.request('/')
      for (const name of ['Content-Encoding', 'Content-Length', 'ETag']) expect(headers.has(name)).toBe(false)
      expect(headers.get('X-Kept')).toBe('yes')
    }
  })

  it('keeps what respond says of its own body', async () => {
    const respond = (): Response => new Response('calm', { headers: { 'Content-Encoding': 'identity' } })
    const { headers } = await ask(appWith({ ...minute, limit: 0, respond }))
    expect(headers.get('Content-Encoding')).toBe('identity')
  })

  it('whose message says nothing is the problem as it is', async () => {
    const response = await ask(appWith({ ...minute, limit: 0, message: nothing }))
    expect([response.status, await response.json()]).toMatchObject([429, { title: 'Quota Exceeded' }])
  })

  it.each([
    [
      'message',
      () => {
        throw new Error('no words')
      },
    ],
    ['message', async () => Promise.reject(new Error('no words'))],
    ['respond', async () => Promise.reject(new Error('no words'))],
  ])('whose %s fails reaches the error handler, with the headers', async (option, fail) => {
    const app = appWith({ ...minute, [option]: fail }).onError((error, c) => c.text(error.message, 500))
    await ask(app)
    const response = await ask(app)
    expect([response.status, await response.text()]).toEqual([500, 'no words'])
    expect(response.headers.get('RateLimit')).toMatch(/r=0/)
    expect(response.headers.get('Retry-After')).toMatch(/\d+/)
  })
})

describe('slots', () => {
  function slotsOf(handler: MiddlewareHandler): { app: Hono; left(): number | undefined } {
    const limit = rateLimit({ algorithm: concurrency({ limit: 1, ttl: '1m' }), key: () => 'everyone' })
    const app = new Hono().onError((_error, c) => c.text('failed', 500))
    app.use(limit).get('/', handler)
    const left = (): number | undefined => {
      const decision = limit.limiter.peek('everyone')
      return decision instanceof Promise ? undefined : decision.remaining
    }
    return { app, left }
  }

  it('are free again when what was thrown is no error, which Hono hands on', async () => {
    const { app, left } = slotsOf(() => {
      // oxlint-disable-next-line typescript/only-throw-error, no-throw-literal -- some do
      throw 'just text'
    })
    await expect(app.request('/')).rejects.toBe('just text')
    expect(left()).toBe(1)
  })

  it('are free again when the handler answers too late, and somebody has answered already', async () => {
    const { wait, open, reached } = door()
    const late = door()
    const limit = rateLimit({ algorithm: concurrency({ limit: 1, ttl: '1m' }), key: () => 'everyone' })
    const app = new Hono().use(async (c, next) => {
      const ended = next().then(late.wait, late.wait)
      await Promise.race([ended, reached(1)])
      return c.text('too late', 504)
    })
    app.use(limit).get('/', async (c) => {
      await wait()
      return c.text('ok')
    })
    expect(await (await app.request('/')).text()).toBe('too late')
    open()
    await late.reached(1)
    expect(limit.limiter.peek('everyone')).toMatchObject({ remaining: 1 })
  })

  /** A body in three parts. */
  const parts: MiddlewareHandler = async (c) => {
    let left = 3
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('part'))
        left -= 1
        if (left === 0) controller.close()
      },
    })
    return c.body(body)
  }
  const settled = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

  it('are held until the body is read to its end', async () => {
    const { app, left } = slotsOf(parts)
    const response = await app.request('/')
    await settled()
    expect(left()).toBe(0)
    await response.text()
    expect(left()).toBe(1)
  })

  it('are free again when a body of one part is there, though nobody reads it', async () => {
    const { app, left } = slotsOf(async (c) => c.json({}))
    await app.request('/')
    await settled()
    expect(left()).toBe(1)
  })

  it('are free again when the client is gone', async () => {
    const { app, left } = slotsOf(parts)
    const gone = new AbortController()
    await app.request('/', { signal: gone.signal })
    await settled()
    expect(left()).toBe(0)
    gone.abort()
    expect(left()).toBe(1)
  })

  it('are free again when what comes after the handler fails', async () => {
    const { app, left } = slotsOf(async () => {
      // Its headers cannot be changed, and its body cannot go into a copy.
      const answer = await fetched({})
      await answer.text()
      return answer
    })
    expect(await status(app)).toBe(500)
    expect(left()).toBe(1)
  })

  it.each([
    [
      'throws',
      async () => {
        throw new Error('too bad')
      },
    ],
    ['answers otherwise', async (c: Context) => void (c.res = new Response('other'))],
  ])('are free again on the Node server when what is around %s', async (_how, then) => {
    const limit = rateLimit({ algorithm: concurrency({ limit: 1, ttl: '1m' }), key: () => 'everyone' })
    const app = new Hono().onError((_error, c) => c.text('failed', 500))
    app.use(async (c, next) => {
      await next()
      await then(c)
    })
    app.use(limit).get('/', parts)
    const { url, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server)
    expect(await (await fetch(url)).text()).toMatch(/failed|other/)
    await vi.waitFor(() => expect(limit.limiter.peek('everyone')).toMatchObject({ remaining: 1 }))
    await close()
  })

  it('are free again when hono/timeout has answered', async () => {
    const { wait, open } = door()
    const limit = rateLimit({ algorithm: concurrency({ limit: 1, ttl: '1m' }), key: () => 'everyone' })
    const app = new Hono().use(timeout(5)).use(limit)
    app.get('/', async (c) => {
      await wait()
      return c.text('ok')
    })
    const { url, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server)
    expect((await fetch(url)).status).toBe(504)
    const response = await app.request('/', {}, { ...peer('192.0.2.1') })
    expect([response.status, await response.text()]).toEqual([429, expect.any(String)])
    open()
    await vi.waitFor(() => expect(limit.limiter.peek('everyone')).toMatchObject({ remaining: 1 }))
    await close()
  })

  it('are free again when the reader goes away', async () => {
    const { app, left } = slotsOf(parts)
    const response = await app.request('/')
    await response.body?.cancel()
    expect(left()).toBe(1)
  })
})

describe('byRoute', () => {
  const key = (c: Context): Response => c.text((c.get('rateLimit') as Decision).policies[0]?.key ?? '')

  it('is the pattern of the route, with that of its app', async () => {
    const items = new Hono().get('/items/:id', rateLimit({ limit: 2, window: '1m', key: byRoute() }), key)
    const app = new Hono().route('/shop', items)
    expect(await (await app.request('/shop/items/1')).text()).toBe('route:/shop/items/:id')
    expect([await status(app, '/shop/items/2'), await status(app, '/shop/items/3')]).toEqual([200, 429])
  })

  it('is the path where no route is chosen yet', async () => {
    const app = new Hono().use(rateLimit({ limit: 1, window: '1m', key: byRoute() })).get('/:any', key)
    expect(await (await app.request('/a?page=1')).text()).toBe('route:/a')
    expect([await status(app, '/a?page=2'), await status(app, '/b')]).toEqual([429, 200])
  })
})

describe('the address', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is that of the Node server, as far as it knows one', async () => {
    const app = appWith({ limit: 1, window: '1m' })
    expect(await status(app, '/', {}, peer('192.0.2.1'))).toBe(200)
    expect(await status(app, '/', {}, peer('::ffff:192.0.2.1'))).toBe(429)
    expect(await status(app, '/', {}, peer('192.0.2.2'))).toBe(200)
  })

  it('is what getConnInfo of the runtime says', async () => {
    const app = appWith({ limit: 1, window: '1m', key: byIp({ connInfo: getConnInfo }) })
    expect(await status(app, '/', {}, peer('192.0.2.1'))).toBe(200)
    expect(await status(app, '/', {}, peer('192.0.2.1'))).toBe(429)
  })

  it('is an error that names the ways out where there is none, as with app.request', async () => {
    const errors: Error[] = []
    const app = appWith({ limit: 1, window: '1m' }).onError((error, c) =>
      c.text(String(errors.push(error)), 500),
    )
    expect(await status(app)).toBe(500)
    expect(String(errors[0])).toMatch(/trustProxy.*connInfo.*unknown: 'one-bucket'/)
  })

  const proxied = { headers: { 'X-Forwarded-For': '203.0.113.7' } }

  it('warns once when a proxy shows that nobody trusts, also at a later request', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const app = appWith({ limit: 9, window: '1m' })
    await app.request('/', {}, peer('192.0.2.1'))
    expect(warn).not.toHaveBeenCalled()
    await app.request('/', proxied, peer('192.0.2.1'))
    await app.request('/', proxied, peer('192.0.2.1'))
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('trustProxy')])
  })

  it.each([
    ['trustProxy: false', { trustProxy: false }],
    ['trustProxy', { trustProxy: 1 }],
    ['a key that asks for no address', { key: () => 'everyone' }],
  ] as const)('does not warn with %s', async (_what, options) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    await appWith({ limit: 9, window: '1m', ...options }).request('/', proxied, peer('192.0.2.1'))
    expect(warn).not.toHaveBeenCalled()
  })
})

it('notices a limiter that is made for each request', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const app: App = new Hono()
  app.use(async (c, next) => rateLimit({ ...minute, name: 'login' })(c, next))
  app.get('/', (c) => c.text('ok'))
  for (let times = 0; times < 30; times++) expect(await status(app)).toBe(200)
  expect(warn.mock.calls.flat()).toEqual([expect.stringMatching(/login.* made for each request/)])
})
