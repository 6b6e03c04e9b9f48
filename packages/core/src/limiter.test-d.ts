import { describe, expectTypeOf, it } from 'vitest'
import type {
  Algorithm,
  Decision,
  Grant,
  Held,
  Limiter,
  PolicyInfo,
  Reservation,
  Store,
  Warned,
} from './index.ts'
import { concurrency, createLimiter, fixedWindow, memoryStore, tokenBucket } from './index.ts'

declare const remote: Store<'async'>
declare const any: Store
const bucket = tokenBucket({ capacity: 20, refill: 10, per: '1s' })
const policies = [
  { name: 'burst', algorithm: bucket },
  { name: 'slots', algorithm: concurrency({ limit: 2, ttl: '30s' }), mode: 'shadow' },
] as const

describe('a limiter on memory', () => {
  it('answers at once', () => {
    const limiter = createLimiter({ limit: 100, window: '1m' })
    expectTypeOf(limiter).toEqualTypeOf<Limiter<'sync', 'default'>>()
    expectTypeOf(limiter.take('ada')).toEqualTypeOf<Decision>()
    expectTypeOf(limiter.peek('ada', { cost: 5 })).toEqualTypeOf<Decision>()
    expectTypeOf(limiter.decide([{ policy: 'default', key: 'ada' }])).toEqualTypeOf<Decision>()
    expectTypeOf(limiter.refund(limiter.take('ada'))).toEqualTypeOf<void>()
    expectTypeOf(limiter.reserve('ada')).toEqualTypeOf<Reservation<'sync', 'default'>>()
    expectTypeOf(limiter.grant('ada', 5, { id: 'a' })).toEqualTypeOf<Grant>()
    // @ts-expect-error without an id a retry would grant twice
    void limiter.grant('ada', 5)
    expectTypeOf(limiter.reserve('ada').settle(5)).toEqualTypeOf<void>()
    expectTypeOf(limiter.wait('ada', { maxWait: '2s' })).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(limiter.reset('ada')).toEqualTypeOf<void>()
    expectTypeOf(limiter.acquire('ada')).toEqualTypeOf<Held<'sync'>>()
    expectTypeOf(limiter.acquire('ada').release()).toEqualTypeOf<void>()
    expectTypeOf(limiter.close()).toEqualTypeOf<Promise<void>>()
    expectTypeOf(
      createLimiter({ algorithm: bucket, store: memoryStore() }).take('ada'),
    ).toEqualTypeOf<Decision>()
  })
})

describe('a limiter on a store of promises', () => {
  it('answers with promises', () => {
    const limiter = createLimiter({ limit: 100, window: '1m', store: remote })
    expectTypeOf(limiter.take('ada')).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(limiter.peek('ada')).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(limiter.decide([])).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(limiter.grant('ada', 5, { id: 'a' })).toEqualTypeOf<Promise<Grant>>()
    expectTypeOf(limiter.reset('ada')).toEqualTypeOf<Promise<void>>()
    expectTypeOf(limiter.resetAll()).toEqualTypeOf<Promise<void>>()
    expectTypeOf(limiter.acquire('ada')).toEqualTypeOf<Promise<Held<'async'>>>()
    expectTypeOf<Held<'async'>['release']>().toEqualTypeOf<() => Promise<void>>()
    // @ts-expect-error a promise is no decision
    void limiter.take('ada').allowed
  })

  it('answers in either way where the store may be of either kind', () => {
    const limiter = createLimiter({ limit: 100, window: '1m', store: any })
    expectTypeOf(limiter.take('ada')).toEqualTypeOf<Decision | Promise<Decision>>()
  })

  it('is a limiter of any kind, for those who take all', () => {
    expectTypeOf(createLimiter({ limit: 1, window: 1, store: remote })).toExtend<Limiter<'async'>>()
    expectTypeOf<Limiter<'sync', 'a'>['store']>().toExtend<Store>()
  })
})

describe('the names of policies', () => {
  const limiter = createLimiter({ policies })

  it('are known', () => {
    expectTypeOf(limiter).toEqualTypeOf<Limiter<'sync', 'burst' | 'slots'>>()
    expectTypeOf(limiter.policies).toEqualTypeOf<readonly PolicyInfo<'burst' | 'slots'>[]>()
    limiter.take({ burst: '192.0.2.1', slots: undefined }, { cost: { burst: 3 } })
    limiter.decide([{ policy: 'slots', key: 'ada', algorithm: bucket }])
    expectTypeOf(createLimiter({ name: 'mine', algorithm: bucket }).take)
      .parameter(0)
      .toEqualTypeOf<string | { readonly mine?: string | undefined }>()
  })

  it('are the only ones', () => {
    // @ts-expect-error there is no such policy
    limiter.take({ burts: 'ada' })
    // @ts-expect-error there is no such policy
    limiter.take('ada', { cost: { slot: 3 } })
    // @ts-expect-error there is no such policy
    limiter.decide([{ policy: 'default', key: 'ada' }])
    // @ts-expect-error there is no such policy
    limiter.reserve('ada').settle({ burts: 3 })
    // @ts-expect-error there is no such policy
    void limiter.wait({ burts: 'ada' })
    // @ts-expect-error a key is text
    limiter.take({ burst: 42 })
    // @ts-expect-error the short form's policy is named default
    createLimiter({ limit: 1, window: 1 }).take({ burst: 'ada' })
  })
})

describe('options', () => {
  it('take durations as numbers and as text with a unit', () => {
    fixedWindow({ limit: 1, window: 250 })
    fixedWindow({ limit: 1, window: '250ms' })
    // @ts-expect-error a number needs a unit
    fixedWindow({ limit: 1, window: '250' })
    // @ts-expect-error no such unit
    createLimiter({ limit: 1, window: '1 minute' })
    expectTypeOf(fixedWindow).returns.toExtend<Algorithm>()
  })

  it('are one limit and window, or an algorithm, or policies', () => {
    // @ts-expect-error what is it to count by?
    createLimiter({ store: memoryStore() })
    // @ts-expect-error a window is missing
    createLimiter({ limit: 1 })
    // @ts-expect-error another library's name
    createLimiter({ limit: 1, windowMs: 1000 })
    // @ts-expect-error no such mode
    createLimiter({ limit: 1, window: 1, mode: 'off' })
  })
})

describe('listeners', () => {
  it('get what they are told, and may be asynchronous', () => {
    createLimiter({
      limit: 100,
      window: '1m',
      warnAt: [0.8, 1],
      on: {
        taken: ({ decision }) => expectTypeOf(decision).toEqualTypeOf<Decision>(),
        limited: ({ decision }) => expectTypeOf(decision).toEqualTypeOf<Decision>(),
        shadowLimited: ({ policy }) => expectTypeOf(policy).toEqualTypeOf<Decision['policies'][number]>(),
        delayed: ({ waitedMs }) => expectTypeOf(waitedMs).toEqualTypeOf<number>(),
        warned: async (event) => {
          expectTypeOf(event).toEqualTypeOf<Warned>()
          return Promise.resolve()
        },
        storeFailing: undefined,
      },
    })
    // @ts-expect-error a part of the limit, not text
    createLimiter({ limit: 100, window: '1m', warnAt: '80%' })
    // @ts-expect-error there is no such event
    createLimiter({ limit: 100, window: '1m', on: { warning: () => undefined } })
  })
})
