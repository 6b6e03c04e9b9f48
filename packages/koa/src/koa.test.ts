import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import supertest from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listen } from '../../core/test/node-http-server.ts'
import { door } from '../../core/src/http/cases/world.ts'
import { serverOf, versions } from '../test/app.ts'
import {
  byRoute,
  concurrency,
  createLimiter,
  type Decision,
  fixedWindow,
  prepaid,
  rateLimit,
  type RateLimitOptions,
} from './index.ts'

const minute = { limit: 1, window: '1m', key: () => 'everyone' } as const
/** As JavaScript may have it. */
const nothing = (() => undefined) as unknown as () => string
const ok: Middleware = (ctx) => {
  ctx.body = 'ok'
}
const ask = (app: Koa): supertest.Test => supertest(serverOf(app)).get('/')

let minutes = 0

describe.each(Object.entries(versions))('%s', (_name, Version) => {
  function appWith(options: RateLimitOptions, handler = ok): Koa {
    const app = new Version()
    app.silent = true
    app.use(rateLimit(options)).use(handler)
    return app
  }

  describe('the decision', () => {
    it('is in the state, for handlers and respond', async () => {
      const seen: (Decision | undefined)[] = []
      const respond = (ctx: Context, decision: Decision): void => {
        seen.push(ctx.state['rateLimit'] as Decision, decision)
        ctx.status = 420
      }
      const app = appWith({ ...minute, respond }, (ctx) => {
        seen.push(ctx.state['rateLimit'] as Decision)
        ctx.body = 'ok'
      })
      await ask(app).expect(200)
      await ask(app).expect(420)
      expect(seen.map((decision) => decision?.allowed)).toEqual([true, false, false])
      expect(seen[2]).toBe(seen[1])
    })

    it('is of the limiter that the middleware shows', async () => {
      const limit = rateLimit(minute)
      const app = new Version()
      app.use(limit).use(ok)
      await ask(app).expect(200)
      await ask(app).expect(429)
      limit.limiter.reset('everyone')
      await ask(app).expect(200)
    })

    it('is of the limiter that credits are granted by', async () => {
      const limit = rateLimit({ algorithm: prepaid(), key: () => 'ada' })
      const app = new Version()
      app.use(limit).use(ok)
      await ask(app).expect(429)
      limit.limiter.grant('ada', 1, { id: 'payment 1' })
      await ask(app).expect(200)
      await ask(app).expect(429)
    })
  })

  describe('errors', () => {
    const failing =
      (headers?: Record<string, string>): Middleware =>
      () => {
        throw Object.assign(new Error('boom'), { status: 418, headers })
      }

    it('keep the headers that they carry beside those of the limiter', async () => {
      const app = appWith(
        { ...minute, limit: 5, headers: 'draft-11' },
        failing({ 'X-Reason': 'tea', Vary: 'Accept' }),
      )
      await ask(app).expect(418).expect('X-Reason', 'tea').expect('Vary', 'Accept').expect('RateLimit', /r=4/)
    })

    it.each([{}, { skipOnRedirect: true }, { skipWhenCacheable: true }])(
      'carry the headers to handlers of errors up the stack: %j',
      async (options) => {
        const app = new Version()
        app.use(async (ctx, next) => {
          try {
            await next()
          } catch {
            ctx.status = 500
            ctx.body = 'caught'
          }
        })
        app.use(rateLimit({ ...minute, limit: 5, headers: 'draft-11', ...options })).use(failing())
        await ask(app).expect(500, 'caught').expect('RateLimit', /r=4/)
      },
    )

    it('that are thrown for every request stay as they were', async () => {
      const shared = Object.assign(new Error('boom'), {
        status: 418,
        headers: { 'retry-AFTER': '7', ETag: '"1"' },
      })
      const plain = Object.assign(new Error('boom'), { status: 404 })
      const twice = { headers: 'legacy' } as const
      const seen: unknown[] = []
      const app = appWith({ ...minute, limit: 5, ...twice, key: (ctx) => ctx.get('x-client') }, (ctx) => {
        throw ctx.path === '/' ? shared : plain
      })
      app.on('error', (error) => seen.push(error))
      const server = serverOf(app)
      for (const [client, left] of [
        ['ada', '4'],
        ['ada', '3'],
        ['bob', '4'],
      ] as const) {
        for (const [path, status] of [
          ['/', 418],
          ['/plain', 404],
        ] as const) {
          await supertest(server)
            .get(path)
            .set('x-client', `${client}${path}`)
            .expect(status)
            .expect('X-RateLimit-Remaining', left)
        }
      }
      expect(Object.keys(shared).toSorted()).toEqual(['headers', 'status'])
      expect(shared.headers).toEqual({ 'retry-AFTER': '7', ETag: '"1"' })
      expect(plain).not.toHaveProperty('headers')
      expect(seen).toEqual([shared, plain, shared, plain, shared, plain])
    })

    it('that nobody may change reach handlers up the stack as they are', async () => {
      const frozen = Object.freeze(
        Object.assign(new Error('boom'), { status: 404, headers: { ETag: '"1"' } }),
      )
      const caught: unknown[] = []
      const app = new Version()
      app.use(async (ctx, next) => {
        await next().catch((error: unknown) => caught.push(error))
        ctx.status = 404
      })
      app.use(rateLimit({ ...minute, headers: 'draft-11' })).use(() => {
        throw frozen
      })
      await ask(app).expect(404).expect('RateLimit', /r=0/)
      expect(caught[0]).toBe(frozen)
    })

    it('carry the longer Retry-After, in whatever case it is written', async () => {
      const app = appWith({
        algorithm: fixedWindow({ limit: 1, window: '1m' }),
        key: () => 'everyone',
        respond: failing({ 'retry-AFTER': '7' }) as () => void,
      })
      await ask(app)
      await ask(app)
        .expect(418)
        .expect('Retry-After', /^(?:60|59)$/)
        .expect('Cache-Control', 'no-store')
    })

    it('that are no errors reach the handler as they are', async () => {
      const app = appWith(minute, () => {
        // oxlint-disable-next-line typescript/only-throw-error, no-throw-literal -- some do
        throw 'just text'
      })
      const errors: unknown[] = []
      app.silent = false
      app.on('error', (error) => errors.push(error))
      await ask(app).expect(500).expect('RateLimit', /r=0/)
      expect(errors.map(String)).toEqual(['Error: non-error thrown: "just text"'])
    })
  })

  it('respond that fails reaches the error handler, with the headers', async () => {
    const respond = async (): Promise<void> => Promise.reject(new Error('no words'))
    const app = appWith({ ...minute, limit: 0, headers: 'draft-11', respond })
    await ask(app).expect(500).expect('RateLimit', /r=0/).expect('Cache-Control', 'no-store')
  })

  describe('a response that is over before anything is decided', () => {
    /** Answers in place of limiters that have to wait for a key, and lets them go on once that answer is over. */
    async function late(
      options: readonly RateLimitOptions[],
      onDecided: () => void = () => undefined,
    ): Promise<unknown[]> {
      const { wait, open } = door()
      const errors: unknown[] = []
      const app = new Version()
      app.on('error', (error) => errors.push(error))
      const ended = door()
      app.use(async (ctx, next) => {
        ctx.res.once('close', open)
        ctx.res.writeHead(503).end('too late')
        await next().finally(() => void ended.wait())
      })
      for (const one of options)
        app.use(rateLimit({ ...one, key: async () => wait().then(() => 'everyone') }))
      // The connection stays open.
      const { url, close } = await listen(serverOf(app))
      expect(await (await fetch(url)).text()).toBe('too late')
      await ended.reached(1)
      onDecided()
      await close()
      return errors
    }

    it('holds no slot of any limiter', async () => {
      const limiters = ['outer', 'inner'].map((name) =>
        createLimiter({ policies: [{ name, algorithm: concurrency({ limit: 1, ttl: '1m' }) }] }),
      )
      const left: number[] = []
      await late(
        limiters.map((limiter) => ({ limiter })),
        () => left.push(...limiters.map((limiter) => limiter.peek('everyone').remaining)),
      )
      expect(left).toEqual([1, 1])
    })

    it('is no place for a refusal', async () => {
      const respond = vi.fn<() => void>()
      expect(await late([{ limit: 0, window: '1m' }])).toEqual([])
      expect(await late([{ limit: 0, window: '1m', respond }])).toEqual([])
      expect(respond).not.toHaveBeenCalled()
    })
  })

  it('a refusal drops what was said of another body', async () => {
    const app = new Version()
    app.use(async (ctx, next) => {
      ctx.set({ 'Content-Encoding': 'gzip', 'Content-Length': '7', ETag: '"1"', 'Last-Modified': 'Mon' })
      await next()
    })
    app.use(rateLimit({ ...minute, limit: 0 }))
    const { headers, body } = await ask(app).expect(429)
    expect(body).toMatchObject({ title: 'Quota Exceeded' })
    for (const name of ['content-encoding', 'etag', 'last-modified']) expect(headers).not.toHaveProperty(name)
  })

  describe('message', () => {
    it('that says nothing leaves the problem as it is', async () => {
      const { body } = await ask(appWith({ ...minute, limit: 0, message: nothing })).expect(429)
      expect(body).toMatchObject({ title: 'Quota Exceeded' })
    })

    it.each([
      [
        'throws',
        () => {
          throw new Error('no words')
        },
      ],
      ['rejects', async () => Promise.reject(new Error('no words'))],
    ])('that %s reaches the error handler, with the headers', async (_how, message) => {
      const app = appWith({ ...minute, headers: 'draft-11', message })
      await ask(app)
      await ask(app).expect(500).expect('RateLimit', /r=0/).expect('Retry-After', /\d+/)
    })
  })

  describe('byRoute', () => {
    const key: Middleware = (ctx) => {
      ctx.body = (ctx.state['rateLimit'] as Decision).policies[0]?.key
    }

    it('is the pattern of the route, with that of its router', async () => {
      const items = new Router().get('/items/:id', rateLimit({ limit: 2, window: '1m', key: byRoute() }), key)
      const app = new Version()
      app.use(new Router().use('/shop', items.routes()).routes() as Middleware)
      const server = serverOf(app)
      await supertest(server).get('/shop/items/1').expect(200, 'route:/shop/items/:id')
      await supertest(server).get('/shop/items/2').expect(200, 'route:/shop/items/:id')
      await supertest(server).get('/shop/items/3').expect(429)
    })

    it('is the path where no route is chosen yet', async () => {
      const server = serverOf(appWith({ limit: 1, window: '1m', key: byRoute() }, key))
      await supertest(server).get('/a?page=1').expect(200, 'route:/a')
      await supertest(server).get('/a?page=2').expect(429)
      await supertest(server).get('/b').expect(200)
    })
  })

  describe('behind a proxy', () => {
    afterEach(() => vi.restoreAllMocks())

    const proxied = (app: Koa): supertest.Test => ask(app).set('X-Forwarded-For', '203.0.113.7')

    it('warns once when a proxy shows that nobody trusts, also at a later request', async () => {
      const warn = vi.spyOn(console, 'warn').mockReturnValue()
      // What another test has warned of is told again after a minute.
      minutes += 2
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + minutes * 60_000)
      const app = appWith({ limit: 9, window: '1m' })
      await ask(app)
      expect(warn).not.toHaveBeenCalled()
      await proxied(app)
      await proxied(app)
      expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('trustProxy')])
    })

    it.each([
      ['trustProxy: false', { trustProxy: false }],
      ['trustProxy', { trustProxy: 1 }],
      ['a key that asks for no address', { key: () => 'everyone' }],
    ] as const)('does not warn with %s', async (_what, options) => {
      const warn = vi.spyOn(console, 'warn').mockReturnValue()
      await proxied(appWith({ limit: 9, window: '1m', ...options }))
      expect(warn).not.toHaveBeenCalled()
    })

    it("goes by Koa's own app.proxy", async () => {
      const warn = vi.spyOn(console, 'warn').mockReturnValue()
      const app = appWith({ limit: 1, window: '1m' })
      app.proxy = true
      await proxied(app).expect(200)
      await proxied(app).expect(429)
      await proxied(app).set('X-Forwarded-For', '203.0.113.8').expect(200)
      await proxied(app).set('X-Forwarded-For', '127.0.0.1').expect(200)
      expect(warn).not.toHaveBeenCalled()
    })

    it('lets trustProxy come before the framework', async () => {
      const app = appWith({ limit: 1, window: '1m', trustProxy: false })
      app.proxy = true
      await proxied(app).expect(200)
      await proxied(app).set('X-Forwarded-For', '203.0.113.8').expect(429)
    })
  })

  it('adds to what is exposed in several lines', async () => {
    const app = new Version()
    app.use(async (ctx, next) => {
      ctx.set('Access-Control-Expose-Headers', ['ETag', 'Link'])
      await next()
    })
    app.use(rateLimit({ ...minute, headers: 'draft-11', expose: true })).use(ok)
    const exposed = 'ETag,Link, RateLimit, RateLimit-Policy, Retry-After'
    await ask(app).expect('Access-Control-Expose-Headers', exposed)
  })

  it('lets a limiter that is made for each request be noticed', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const app = new Version()
    app.use(async (ctx, next) => rateLimit({ ...minute, name: 'login' })(ctx, next)).use(ok)
    for (let times = 0; times < 12; times++) await ask(app).expect(200)
    const said = warn.mock.calls.flat().filter((text) => String(text).includes('made for each request'))
    // Once a process, whichever version came first.
    expect(said.length).toBe(Version === Object.values(versions)[0] ? 1 : 0)
    vi.restoreAllMocks()
  })
})
