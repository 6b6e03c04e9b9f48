import type { NextFunction, Request, RequestHandler, Response } from 'express'
import express from 'express'
import { assertType, describe, expectTypeOf, it } from 'vitest'
import {
  byHeader,
  byIp,
  byUser,
  cachedBy,
  combine,
  createLimiter,
  type Decision,
  firstOf,
  type Limiter,
  memoryStore,
  rateLimit,
  type RateLimitOptions,
  type Store,
  tokenBucket,
} from './index.ts'
import type { Sent } from '@sluice/core/http/adapter'

const window = '1m'

describe('option functions', () => {
  it('get the request and the response of Express', () => {
    rateLimit({
      window,
      limit(req, res) {
        expectTypeOf(req).toEqualTypeOf<Request>()
        expectTypeOf(res).toEqualTypeOf<Response>()
        return 5
      },
      key: (req) => req.get('x-user'),
      cost: (req) => Number(req.query['items']),
      when: (req, res) => req.method === 'POST' && !res.headersSent,
      skip: (req) => req.path === '/health',
      deny: (req) => req.ip === '203.0.113.7',
      message(req, res, decision) {
        expectTypeOf(req).toEqualTypeOf<Request>()
        expectTypeOf(res).toEqualTypeOf<Response>()
        expectTypeOf(decision).toEqualTypeOf<Decision>()
        return { path: req.path }
      },
    })
    rateLimit({
      policies: [
        {
          name: 'plan',
          algorithm: (req) => tokenBucket({ capacity: Number(req.get('x-plan')), refill: 1, per: '1s' }),
          key: (req) => req.get('x-user'),
          cost: async (req) => Promise.resolve(req.path.length),
          when: async (req) => Promise.resolve(req.secure),
        },
      ],
    })
  })

  it('get them within keys of keys', () => {
    rateLimit({ limit: 5, window, key: firstOf((req) => req.get('x-user'), byIp()) })
    rateLimit({ limit: 5, window, key: firstOf(byHeader('x-api-key'), byIp()) })
    rateLimit({ limit: 5, window, key: combine((req) => req.path, byIp()) })
    rateLimit({ limit: 5, window, key: combine(() => 'all', byIp()) })
    rateLimit({ limit: 5, window, key: byUser((req) => req.get('x-user')) })
    rateLimit({
      limit: 5,
      window,
      key: firstOf(
        byUser((req: Request) => req.get('x-user')),
        byIp(),
      ),
    })
    rateLimit({ limit: 5, window, key: byIp({ connInfo: (req) => ({ remote: { address: req.ip } }) }) })
  })

  it('get them through look-ups', () => {
    const plans = { free: tokenBucket({ capacity: 5, refill: 1, per: '1s' }) }
    const planOf = async (_apiKey: string | undefined): Promise<'free'> => Promise.resolve('free')
    rateLimit({
      algorithm: cachedBy(
        (req) => req.get('x-api-key'),
        async (apiKey) => plans[await planOf(apiKey)],
      ),
    })
    const limitOf = cachedBy(
      (req: Request) => req.get('x-api-key'),
      async (apiKey, req) => {
        expectTypeOf(apiKey).toEqualTypeOf<string | undefined>()
        expectTypeOf(req).toEqualTypeOf<Request>()
        return (await planOf(apiKey)).length
      },
    )
    rateLimit({ limit: limitOf, window })
    expectTypeOf(limitOf.forget).parameter(0).toEqualTypeOf<string | undefined>()
    rateLimit({
      limit: 5,
      window,
      cost: cachedBy(
        (req) => req.path,
        () => 2,
      ),
    })
    rateLimit({ limit: 5, window, key: cachedBy((req) => req.get('x-api-key'), planOf) })
    rateLimit({
      limit: 5,
      window,
      key: firstOf(
        cachedBy((req) => req.get('x-api-key'), planOf),
        byIp(),
      ),
    })
    rateLimit({
      policies: [
        {
          limit: cachedBy(
            (req) => req.path,
            (path) => path.length,
          ),
          window,
        },
      ],
    })
    // @ts-expect-error -- a limit is a number
    rateLimit({ limit: cachedBy((req) => req.path, planOf), window })
    // @ts-expect-error -- a key is text
    cachedBy((req: Request) => req.path.length, planOf)
  })

  it('have to give what is asked for', () => {
    // @ts-expect-error -- a key is text
    rateLimit({ limit: 5, window, key: (req) => req.path.length })
    // @ts-expect-error -- a cost is a number
    rateLimit({ limit: 5, window, cost: (req) => req.path })
    // @ts-expect-error -- a limit is a number
    rateLimit({ limit: (req) => req.path, window })
    // @ts-expect-error -- requests of Express have no such thing
    rateLimit({ limit: 5, window, key: (req) => req.state })
  })
})

describe('options', () => {
  it('have no other names', () => {
    // @ts-expect-error -- it is window
    rateLimit({ limit: 5, windw: window })
    // @ts-expect-error -- it is window, too
    rateLimit({ limit: 5, windowMs: 60_000 })
    // @ts-expect-error -- a format that there is not
    rateLimit({ limit: 5, window, headers: 'draft-12' })
    // @ts-expect-error -- that would believe anyone
    rateLimit({ limit: 5, window, trustProxy: true })
    // @ts-expect-error -- no duration
    rateLimit({ limit: 5, window: '1 minute' })
  })

  it('can be named', () => {
    assertType<RateLimitOptions>({ limit: 5, window, key: (req) => req.ip })
    assertType<RateLimitOptions<'sync'>>({ limit: 5, window, store: memoryStore() })
    const remote = {} as Store<'async'>
    rateLimit({ limit: 5, window, store: remote })
    // @ts-expect-error -- a store of promises
    assertType<RateLimitOptions<'sync'>>({ limit: 5, window, store: remote })
  })
})

it('respond gets what Express gives, the decision, and next', () => {
  rateLimit({
    limit: 5,
    window,
    respond(req, res, decision, next) {
      expectTypeOf(req).toEqualTypeOf<Request>()
      expectTypeOf(res).toEqualTypeOf<Response>()
      expectTypeOf(decision).toEqualTypeOf<Decision>()
      expectTypeOf(next).toEqualTypeOf<NextFunction>()
      return res.sendStatus(420)
    },
  })
})

describe('options that go by the response', () => {
  it('get what the request gave, and what is known of the response', () => {
    rateLimit({
      limit: 5,
      window,
      refundWhen(req, res, status) {
        expectTypeOf(req).toEqualTypeOf<Request>()
        expectTypeOf(res).toEqualTypeOf<Response>()
        expectTypeOf(status).toEqualTypeOf<number>()
        return status === 404
      },
      settle(req, res, sent) {
        expectTypeOf(req).toEqualTypeOf<Request>()
        expectTypeOf(res).toEqualTypeOf<Response>()
        expectTypeOf(sent).toEqualTypeOf<Sent>()
        return sent.aborted ? undefined : sent.bytes
      },
      maxDebt: 100,
    })
    rateLimit({
      policies: [{ limit: 5, window, refundWhen: 'failed', settle: async () => Promise.resolve(5) }],
    })
    rateLimit({ limiter: createLimiter({ limit: 5, window }), refundWhen: 'successful', settle: 'bytes' })
  })

  it('have to give what is asked for', () => {
    // @ts-expect-error -- it is 'failed'
    rateLimit({ limit: 5, window, refundWhen: 'error' })
    // @ts-expect-error -- whether, not how much
    rateLimit({ limit: 5, window, refundWhen: () => 1 })
    // @ts-expect-error -- a cost is a number
    rateLimit({ limit: 5, window, settle: () => '1' })
    // @ts-expect-error -- one number, not a function
    rateLimit({ limit: 5, window, settle: 'bytes', maxDebt: () => 1 })
  })
})

describe('the middleware', () => {
  it('is one of Express, with its limiter', () => {
    const limit = rateLimit({ limit: 5, window })
    expectTypeOf(limit).toExtend<RequestHandler>()
    expectTypeOf(limit.limiter).toEqualTypeOf<Limiter<'sync'>>()
    express()
      .use(limit)
      .get('/', limit, (_req, res) => void res.send('ok'))
  })

  it('puts the decision on the request', () => {
    express().get('/', (req) => {
      expectTypeOf(req.rateLimit).toEqualTypeOf<Decision | undefined>()
    })
  })
})

describe('the limiter of a middleware', () => {
  const key = 'ip:192.0.2.1'

  it('answers at once where nothing says otherwise, or a store in memory', () => {
    assertType<number>(rateLimit({ limit: 5, window }).limiter.peek(key).remaining)
    assertType<number>(
      rateLimit({ limit: 5, window, key: (req) => req.get('x-user') }).limiter.peek(key).remaining,
    )
    assertType<number>(rateLimit({ limit: 5, window, store: memoryStore() }).limiter.peek(key).remaining)
    assertType<number>(rateLimit({ policies: [{ limit: 5, window }] }).limiter.peek(key).remaining)
    const limiter = createLimiter({ limit: 5, window })
    assertType<number>(rateLimit({ limiter }).limiter.peek(key).remaining)
  })

  it('gives promises with a store that does', () => {
    const store = {} as Store<'async'>
    expectTypeOf(rateLimit({ limit: 5, window, store }).limiter.peek(key)).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(
      rateLimit({ store, policies: [{ limit: 5, window, key: (req) => req.get('x-user') }] }).limiter,
    ).toEqualTypeOf<Limiter<'async'>>()
    const limiter = createLimiter({ store, limit: 5, window })
    expectTypeOf(rateLimit({ limiter }).limiter.peek(key)).toEqualTypeOf<Promise<Decision>>()
  })

  it('may do either where that is not known', () => {
    const options = { limit: 5, window } as RateLimitOptions
    expectTypeOf(rateLimit(options).limiter).toEqualTypeOf<Limiter>()
  })
})

it('what answers a refusal gets the request and the decision', () => {
  rateLimit({
    limit: 5,
    window: '1m',
    delay: { maxWait: '2s', maxQueue: 10 },
    retryAfterSpread: '10s',
    status(req, res, decision) {
      expectTypeOf(req).toEqualTypeOf<Request>()
      expectTypeOf(decision).toEqualTypeOf<Decision>()
      return res.headersSent ? 503 : 402
    },
    message: (req) => (req.path === '/' ? 'slow down' : undefined),
  })
  // @ts-expect-error a status is a number
  rateLimit({ limit: 5, window: '1m', status: () => '429' })
  // @ts-expect-error there is no such option
  rateLimit({ limit: 5, window: '1m', delay: { maxwait: '2s' } })
})
