import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import supertest from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { serverOf, versions } from '../test/app.ts'
import { byRoute, type Decision, rateLimit, type RateLimitOptions } from './index.ts'

const minute = { limit: 1, window: '1m', key: () => 'everyone' } as const
const ok: Middleware = (ctx) => {
  ctx.body = 'ok'
}
const ask = (app: Koa): supertest.Test => supertest(serverOf(app)).get('/')

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
      await limit.limiter.reset('everyone')
      await ask(app).expect(200)
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

    it('that are no errors reach the handler as they are', async () => {
      const app = appWith(minute, () => {
        // oxlint-disable-next-line typescript/only-throw-error, no-throw-literal -- some do
        throw 'just text'
      })
      const errors: unknown[] = []
      app.silent = false
      app.on('error', (error) => errors.push(error))
      await ask(app).expect(500)
      expect(errors.map(String)).toEqual(['Error: non-error thrown: "just text"'])
    })
  })

  it('respond that fails reaches the error handler, with the headers', async () => {
    const respond = async (): Promise<void> => Promise.reject(new Error('no words'))
    const app = appWith({ ...minute, limit: 0, headers: 'draft-11', respond })
    await ask(app).expect(500).expect('RateLimit', /r=0/).expect('Cache-Control', 'no-store')
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
    const said = warn.mock.calls.flat().filter((text) => String(text).includes('made anew for each request'))
    // Once a process, whichever version came first.
    expect(said.length).toBe(Version === Object.values(versions)[0] ? 1 : 0)
    vi.restoreAllMocks()
  })
})
