import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
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
  type RateLimitVariables,
  type Store,
  tokenBucket,
} from './index.ts'
import type { Sent } from '@sluice/core/http/adapter'

const window = '1m'

describe('option functions', () => {
  it('get the context of Hono', () => {
    rateLimit({
      window,
      limit(c) {
        expectTypeOf(c).toEqualTypeOf<Context>()
        return 5
      },
      key: (c) => c.req.header('x-user'),
      cost: (c) => c.req.path.length,
      when: (c) => c.req.method === 'POST',
      skip: (c) => c.req.path === '/health',
      deny: async (c) => Promise.resolve(c.req.header('user-agent') === 'bad bot'),
      message(c, decision) {
        expectTypeOf(c).toEqualTypeOf<Context>()
        expectTypeOf(decision).toEqualTypeOf<Decision>()
        return c.req.path
      },
    })
    rateLimit({
      policies: [
        {
          name: 'plan',
          algorithm: (c) => tokenBucket({ capacity: c.req.path.length, refill: 1, per: '1s' }),
          key: (c) => c.req.header('x-user'),
        },
      ],
    })
  })

  it('get it within keys of keys', () => {
    rateLimit({ limit: 5, window, key: firstOf((c) => c.req.header('x-user'), byIp()) })
    rateLimit({ limit: 5, window, key: firstOf(byHeader('x-api-key'), byIp({ connInfo: getConnInfo })) })
    rateLimit({ limit: 5, window, key: combine((c) => c.req.path, byIp()) })
    rateLimit({ limit: 5, window, key: combine(() => 'all', byIp()) })
    rateLimit({ limit: 5, window, key: byUser((c) => c.req.header('x-user')) })
    rateLimit({ limit: 5, window, key: byIp({ connInfo: getConnInfo }) })
  })

  it('get it through look-ups', () => {
    const plans = { free: tokenBucket({ capacity: 5, refill: 1, per: '1s' }) }
    const planOf = async (_apiKey: string | undefined): Promise<'free'> => Promise.resolve('free')
    rateLimit({
      algorithm: cachedBy(
        (c) => c.req.header('x-api-key'),
        async (apiKey) => plans[await planOf(apiKey)],
      ),
    })
    const limitOf = cachedBy(
      (c: Context) => c.req.header('x-api-key'),
      async (apiKey, c) => {
        expectTypeOf(apiKey).toEqualTypeOf<string | undefined>()
        expectTypeOf(c).toEqualTypeOf<Context>()
        return (await planOf(apiKey)).length
      },
    )
    rateLimit({ limit: limitOf, window })
    expectTypeOf(limitOf.forget).parameter(0).toEqualTypeOf<string | undefined>()
    rateLimit({
      limit: 5,
      window,
      cost: cachedBy(
        (c) => c.req.path,
        () => 2,
      ),
    })
    rateLimit({ limit: 5, window, key: cachedBy((c) => c.req.header('x-api-key'), planOf) })
    rateLimit({
      limit: 5,
      window,
      key: firstOf(
        cachedBy((c) => c.req.header('x-api-key'), planOf),
        byIp(),
      ),
    })
    rateLimit({
      policies: [
        {
          limit: cachedBy(
            (c) => c.req.path,
            (path) => path.length,
          ),
          window,
        },
      ],
    })
    // @ts-expect-error -- a limit is a number
    rateLimit({ limit: cachedBy((c) => c.req.path, planOf), window })
    // @ts-expect-error -- a key is text
    cachedBy((c: Context) => c.req.path.length, planOf)
  })

  it('have to give what is asked for', () => {
    // @ts-expect-error -- a key is text
    rateLimit({ limit: 5, window, key: (c) => c.req.path.length })
    // @ts-expect-error -- it is window
    rateLimit({ limit: 5, windw: window })
    assertType<RateLimitOptions<'sync'>>({ limit: 5, window, store: memoryStore() })
  })
})

it('respond gets the context and the decision, and gives the answer', () => {
  rateLimit({
    limit: 5,
    window,
    respond(c, decision) {
      expectTypeOf(c).toEqualTypeOf<Context>()
      expectTypeOf(decision).toEqualTypeOf<Decision>()
      return c.text('calm', 429)
    },
  })
  // @ts-expect-error -- somebody has to answer
  rateLimit({ limit: 5, window, respond: () => undefined })
})

describe('options that go by the response', () => {
  it('get what the request gave, and what is known of the response', () => {
    rateLimit({
      limit: 5,
      window,
      refundWhen(c, status) {
        expectTypeOf(c).toEqualTypeOf<Context>()
        expectTypeOf(status).toEqualTypeOf<number>()
        return status === 404
      },
      settle(c, sent) {
        expectTypeOf(c).toEqualTypeOf<Context>()
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
  it('is one of Hono, with its limiter', () => {
    const limit = rateLimit({ limit: 5, window })
    expectTypeOf(limit).toExtend<MiddlewareHandler<{ Variables: RateLimitVariables }>>()
    expectTypeOf(limit.limiter).toEqualTypeOf<Limiter<'sync'>>()
    new Hono().use(limit).get('/', limit, (c) => c.text('ok'))
  })

  it('puts the decision among the variables', () => {
    new Hono<{ Variables: RateLimitVariables }>().get('/', (c) => {
      expectTypeOf(c.get('rateLimit')).toEqualTypeOf<Decision | undefined>()
      expectTypeOf(c.var.rateLimit).toEqualTypeOf<Decision | undefined>()
      return c.text('ok')
    })
    new Hono().use(rateLimit({ limit: 5, window })).get('/', (c) => {
      expectTypeOf(c.get('rateLimit')).toEqualTypeOf<Decision | undefined>()
      return c.text('ok')
    })
  })
})

describe('the limiter of a middleware', () => {
  const key = 'ip:192.0.2.1'

  it('answers at once where nothing says otherwise, or a store in memory', () => {
    assertType<number>(rateLimit({ limit: 5, window }).limiter.peek(key).remaining)
    assertType<number>(
      rateLimit({ limit: 5, window, key: (c) => c.req.header('x-user') }).limiter.peek(key).remaining,
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
      rateLimit({ store, policies: [{ limit: 5, window, key: (c) => c.req.header('x-user') }] }).limiter,
    ).toEqualTypeOf<Limiter<'async'>>()
    const limiter = createLimiter({ store, limit: 5, window })
    expectTypeOf(rateLimit({ limiter }).limiter.peek(key)).toEqualTypeOf<Promise<Decision>>()
  })

  it('may do either where that is not known', () => {
    const options = { limit: 5, window } as RateLimitOptions
    expectTypeOf(rateLimit(options).limiter).toEqualTypeOf<Limiter>()
  })
})
