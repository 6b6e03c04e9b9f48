import { createServer } from 'node:http'
import { runInNewContext } from 'node:vm'
import express, { type Express } from 'express'
import supertest from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listen } from '../../core/test/node-http-server.ts'
import { door } from '../../core/src/http/cases/world.ts'
import { versions } from '../test/app.ts'
import {
  byRoute,
  concurrency,
  createLimiter,
  type Decision,
  prepaid,
  rateLimit,
  type RateLimitOptions,
} from './index.ts'

const minute = { limit: 1, window: '1m', key: () => 'everyone' } as const
/** As JavaScript may have it. */
const nothing = (() => undefined) as unknown as () => string
const ok: express.RequestHandler = (_req, res) => void res.send('ok')

let minutes = 0

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
      limit.limiter.reset('everyone')
      await supertest(app).get('/').expect(200)
    })

    it('is of the limiter that credits are granted by', async () => {
      const limit = rateLimit({ algorithm: prepaid(), key: () => 'ada' })
      const app = version().use(limit).get('/', ok)
      await supertest(app).get('/').expect(429)
      limit.limiter.grant('ada', 1, { id: 'payment 1' })
      await supertest(app).get('/').expect(200)
      await supertest(app).get('/').expect(429)
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

  describe('a response that is over before anything is decided', () => {
    /** Answers in place of limiters that have to wait for a key, and lets them go on once that answer is over. */
    async function late(
      options: readonly RateLimitOptions[],
      onDecided: () => void = () => undefined,
    ): Promise<unknown[]> {
      const { wait, open } = door()
      const errors: unknown[] = []
      const decided = door()
      const app = version().use((_req, res, next) => {
        res.once('close', open)
        next()
        res.status(503).send('too late')
      })
      for (const one of options)
        app.use(rateLimit({ ...one, key: async () => wait().then(() => 'everyone') }))
      app.use((_req, res) => void (res.headersSent ? decided.wait() : res.send('ok')))
      app.use(
        (error: unknown, _req: express.Request, _res: express.Response, _next: express.NextFunction) => {
          errors.push(error)
          void decided.wait()
        },
      )
      // The connection stays open.
      const { url, close } = await listen(createServer(app))
      expect(await (await fetch(url)).text()).toBe('too late')
      await Promise.race([decided.reached(1), new Promise((resolve) => setTimeout(resolve, 20))])
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
    const app = version().use((_req, res, next) => {
      res.set({ 'Content-Encoding': 'gzip', 'Content-Length': '7', ETag: '"1"', 'Last-Modified': 'Mon' })
      next()
    })
    app.use(rateLimit({ ...minute, limit: 0 }))
    const { headers, body } = await supertest(app).get('/').expect(429)
    expect(body).toMatchObject({ title: 'Quota Exceeded' })
    for (const name of ['content-encoding', 'etag', 'last-modified']) expect(headers).not.toHaveProperty(name)
  })

  describe('message', () => {
    it('that says nothing leaves the problem as it is', async () => {
      const { body } = await supertest(appWith({ ...minute, limit: 0, message: nothing }))
        .get('/')
        .expect(429)
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
      await supertest(app).get('/').expect(200)
      await supertest(app)
        .get('/')
        .expect(500, /no words/)
        .expect('RateLimit', /r=0/)
        .expect('Retry-After', /\d+/)
    })
  })

  it("property that Express' requests cannot carry is an error that names it", async () => {
    await supertest(appWith({ ...minute, property: 'ip' }))
      .get('/')
      .expect(500, /property must be .*, got &#39;ip&#39;/)
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
      // What another test has warned of is told again after a minute.
      minutes += 2
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + minutes * 60_000)
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
    expect(warn.mock.calls[0]?.[0]).toMatch(/login.* made for each request/)
  })
})
