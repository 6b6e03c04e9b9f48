import Koa, { type Context, type Middleware } from 'koa'
import { Router } from '@koa/router'
import Koa2 from 'koa2'
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
  type RateLimitState,
  type Store,
  tokenBucket,
} from './index.ts'
import type { Sent } from '@sluice/core/http/adapter'

const window = '1m'

describe('option functions', () => {
  it('get the context of Koa', () => {
    rateLimit({
      window,
      limit(ctx) {
        expectTypeOf(ctx).toEqualTypeOf<Context>()
        return 5
      },
      key: (ctx) => ctx.get('x-user'),
      cost: (ctx) => ctx.path.length,
      when: (ctx) => ctx.method === 'POST',
      skip: (ctx) => ctx.path === '/health',
      deny: async (ctx) => Promise.resolve(ctx.ip === '203.0.113.7'),
      message(ctx, decision) {
        expectTypeOf(ctx).toEqualTypeOf<Context>()
        expectTypeOf(decision).toEqualTypeOf<Decision>()
        return ctx.path
      },
    })
    rateLimit({
      policies: [
        {
          name: 'plan',
          algorithm: (ctx) => tokenBucket({ capacity: ctx.path.length, refill: 1, per: '1s' }),
          key: (ctx) => ctx.get('x-user'),
        },
      ],
    })
  })

  it('get it within keys of keys', () => {
    rateLimit({ limit: 5, window, key: firstOf((ctx) => ctx.get('x-user'), byIp()) })
    rateLimit({ limit: 5, window, key: firstOf(byHeader('x-api-key'), byIp()) })
    rateLimit({ limit: 5, window, key: combine((ctx) => ctx.path, byIp()) })
    rateLimit({ limit: 5, window, key: combine(() => 'all', byIp()) })
    rateLimit({ limit: 5, window, key: byUser((ctx) => ctx.get('x-user')) })
  })

  it('get it through look-ups', () => {
    const plans = { free: tokenBucket({ capacity: 5, refill: 1, per: '1s' }) }
    const planOf = async (_apiKey: string | undefined): Promise<'free'> => Promise.resolve('free')
    rateLimit({
      algorithm: cachedBy(
        (ctx) => ctx.get('x-api-key'),
        async (apiKey) => plans[await planOf(apiKey)],
      ),
    })
    const limitOf = cachedBy(
      (ctx: Context) => ctx.get('x-api-key'),
      async (apiKey, ctx) => {
        expectTypeOf(apiKey).toEqualTypeOf<string>()
        expectTypeOf(ctx).toEqualTypeOf<Context>()
        return (await planOf(apiKey)).length
      },
    )
    rateLimit({ limit: limitOf, window })
    expectTypeOf(limitOf.forget).parameter(0).toEqualTypeOf<string>()
    rateLimit({
      limit: 5,
      window,
      cost: cachedBy(
        (ctx) => ctx.path,
        () => 2,
      ),
    })
    rateLimit({ limit: 5, window, key: cachedBy((ctx) => ctx.get('x-api-key'), planOf) })
    rateLimit({
      limit: 5,
      window,
      key: firstOf(
        cachedBy((ctx) => ctx.get('x-api-key'), planOf),
        byIp(),
      ),
    })
    rateLimit({
      policies: [
        {
          limit: cachedBy(
            (ctx) => ctx.path,
            (path) => path.length,
          ),
          window,
        },
      ],
    })
    // @ts-expect-error -- a limit is a number
    rateLimit({ limit: cachedBy((ctx) => ctx.path, planOf), window })
    // @ts-expect-error -- a key is text
    cachedBy((ctx: Context) => ctx.path.length, planOf)
  })

  it('have to give what is asked for', () => {
    // @ts-expect-error -- a key is text
    rateLimit({ limit: 5, window, key: (ctx) => ctx.path.length })
    // @ts-expect-error -- it is window
    rateLimit({ limit: 5, windw: window })
    assertType<RateLimitOptions<'sync'>>({ limit: 5, window, store: memoryStore() })
  })
})

it('respond gets the context and the decision', () => {
  rateLimit({
    limit: 5,
    window,
    respond(ctx, decision) {
      expectTypeOf(ctx).toEqualTypeOf<Context>()
      expectTypeOf(decision).toEqualTypeOf<Decision>()
      ctx.status = 420
    },
  })
})

describe('options that go by the response', () => {
  it('get what the request gave, and what is known of the response', () => {
    rateLimit({
      limit: 5,
      window,
      refundWhen(ctx, status) {
        expectTypeOf(ctx).toEqualTypeOf<Context>()
        expectTypeOf(status).toEqualTypeOf<number>()
        return status === 404
      },
      settle(ctx, sent) {
        expectTypeOf(ctx).toEqualTypeOf<Context>()
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
  it('is one of Koa, with its limiter', () => {
    const limit = rateLimit({ limit: 5, window })
    expectTypeOf(limit).toExtend<Middleware>()
    expectTypeOf(limit.limiter).toEqualTypeOf<Limiter<'sync'>>()
    new Koa().use(limit)
    new Koa<RateLimitState>().use(limit)
    new Koa2().use(limit)
    new Router().use(limit).get('/', limit, (ctx) => {
      ctx.body = 'ok'
    })
  })

  it('puts the decision into the state', () => {
    new Koa<RateLimitState>().use((ctx) => {
      expectTypeOf(ctx.state.rateLimit).toEqualTypeOf<Decision | undefined>()
    })
    new Koa().use(rateLimit({ limit: 5, window })).use((ctx) => {
      expectTypeOf(ctx.state.rateLimit).toEqualTypeOf<Decision | undefined>()
    })
  })
})

describe('the limiter of a middleware', () => {
  const key = 'ip:192.0.2.1'

  it('answers at once where nothing says otherwise, or a store in memory', () => {
    assertType<number>(rateLimit({ limit: 5, window }).limiter.peek(key).remaining)
    assertType<number>(
      rateLimit({ limit: 5, window, key: (ctx) => ctx.get('x-user') }).limiter.peek(key).remaining,
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
      rateLimit({ store, policies: [{ limit: 5, window, key: (ctx) => ctx.get('x-user') }] }).limiter,
    ).toEqualTypeOf<Limiter<'async'>>()
    const limiter = createLimiter({ store, limit: 5, window })
    expectTypeOf(rateLimit({ limiter }).limiter.peek(key)).toEqualTypeOf<Promise<Decision>>()
  })

  it('may do either where that is not known', () => {
    const options = { limit: 5, window } as RateLimitOptions
    expectTypeOf(rateLimit(options).limiter).toEqualTypeOf<Limiter>()
  })
})
