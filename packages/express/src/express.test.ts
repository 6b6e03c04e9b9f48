import { runInNewContext } from 'node:vm'
import express, { type Express } from 'express'
import supertest from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { versions } from '../test/app.ts'
import { byRoute, type Decision, rateLimit, type RateLimitOptions } from './index.ts'

const minute = { limit: 1, window: '1m', key: () => 'everyone' } as const
const ok: express.RequestHandler = (_req, res) => void res.send('ok')

describe.each(Object.entries(versions))('%s', (_name, version) => {
  function appWith(options: RateLimitOptions): Express {
    return version().set('env', 'test').use(rateLimit(options)).get('/', ok)
  }

  describe('the decision', () => {
    it('is on the request, for handlers, respond and message', async () => {
      const seen: (Decision | undefined)[] = []
      const app = version().use(
        rateLimit({
          ...minute,
          respond(req, res, decision) {
            seen.push(req.rateLimit, decision)
            res.sendStatus(420)
          },
        }),
      )
      app.get('/', (req, res) => {
        seen.push(req.rateLimit)
        res.send('ok')
      })
      await supertest(app).get('/').expect(200)
      await supertest(app).get('/').expect(420)
      expect(seen.map((decision) => decision?.allowed)).toEqual([true, false, false])
      expect(seen[2]).toBe(seen[1])
    })

    it('is of the limiter that the middleware shows', async () => {
      const limit = rateLimit(minute)
      const app = version().use(limit).get('/', ok)
      await supertest(app).get('/').expect(200)
      await supertest(app).get('/').expect(429)
      await limit.limiter.reset('everyone')
      await supertest(app).get('/').expect(200)
    })
  })

  describe('respond', () => {
    it('may let the request go on', async () => {
      const app = appWith({ ...minute, respond: (_req, _res, _decision, next) => next() })
      await supertest(app).get('/').expect(200, 'ok')
      await supertest(app).get('/').expect(200, 'ok').expect('Retry-After', /\d+/)
    })

    it.each([
      [
        'throws',
        () => {
          throw new Error('no words')
        },
      ],
      ['rejects', async () => Promise.reject(new Error('no words'))],
    ])('that %s reaches the error handler', async (_how, respond) => {
      await supertest(appWith({ ...minute, limit: 0, respond }))
        .get('/')
        .expect(500, /no words/)
    })
  })

  it('hears of a promise that another realm rejects', async () => {
    const skip = (): Promise<boolean> =>
      runInNewContext("(async () => { throw new Error('no such account') })()") as Promise<boolean>
    await supertest(appWith({ ...minute, skip }))
      .get('/')
      .expect(500, /no such account/)
  })

  describe('byRoute', () => {
    it('is the pattern of the route, with that of its router', async () => {
      const items = version.Router()
      items.get('/items/:id', rateLimit({ limit: 2, window: '1m', key: byRoute() }), (req, res) => {
        res.send(req.rateLimit?.policies[0]?.key)
      })
      const app = version().use('/shop', items)
      await supertest(app).get('/shop/items/1').expect(200, 'route:/shop/items/:id')
      await supertest(app).get('/shop/items/2').expect(200, 'route:/shop/items/:id')
      await supertest(app).get('/shop/items/3').expect(429)
    })

    it('is the path where no route is chosen yet', async () => {
      const app = version()
        .use(rateLimit({ limit: 1, window: '1m', key: byRoute() }))
        .get('/:any', ok)
      await supertest(app).get('/a?page=1').expect(200)
      await supertest(app).get('/a?page=2').expect(429)
      await supertest(app).get('/b').expect(200)
    })
  })

  describe('behind a proxy', () => {
    afterEach(() => vi.restoreAllMocks())

    const proxied = (app: Express): supertest.Test =>
      supertest(app).get('/').set('X-Forwarded-For', '203.0.113.7')

    it('warns once when a proxy shows that nobody trusts, also at a later request', async () => {
      const warn = vi.spyOn(console, 'warn').mockReturnValue()
      const app = appWith({ limit: 9, window: '1m' })
      await supertest(app).get('/')
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

    it.each([['loopback'], [1], [true], [() => false]])(
      "goes by Express' own 'trust proxy': %s",
      async (trust) => {
        const warn = vi.spyOn(console, 'warn').mockReturnValue()
        const app = version()
          .set('trust proxy', trust)
          .use(rateLimit({ limit: 1, window: '1m' }))
          .get('/', ok)
        const trusts = typeof trust !== 'function'
        await proxied(app).expect(200)
        await proxied(app).expect(429)
        await proxied(app)
          .set('X-Forwarded-For', '203.0.113.8')
          .expect(trusts ? 200 : 429)
        expect(warn).not.toHaveBeenCalled()
      },
    )

    it('lets trustProxy come before the framework', async () => {
      const app = version().set('trust proxy', true)
      app.use(rateLimit({ limit: 1, window: '1m', trustProxy: false })).get('/', ok)
      await proxied(app).expect(200)
      await proxied(app).set('X-Forwarded-For', '203.0.113.8').expect(429)
    })
  })

  it('adds to what is exposed in several lines', async () => {
    const app = version()
    app.use((_req, res, next) => next(void res.setHeader('Access-Control-Expose-Headers', ['ETag', 'Link'])))
    app.use(rateLimit({ ...minute, headers: 'draft-11', expose: true })).get('/', ok)
    const exposed = 'ETag,Link, RateLimit, RateLimit-Policy, Retry-After'
    await supertest(app).get('/').expect('Access-Control-Expose-Headers', exposed)
  })
})

describe('a limiter that is made for each request', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is noticed, and named once', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const app = express().use((req, res, next) => rateLimit({ ...minute, name: 'login' })(req, res, next))
    app.get('/', ok)
    for (let times = 0; times < 30; times++) await supertest(app).get('/').expect(200)
    expect(warn.mock.calls).toHaveLength(1)
    expect(warn.mock.calls[0]?.[0]).toMatch(/login.* made anew for each request/)
  })
})
