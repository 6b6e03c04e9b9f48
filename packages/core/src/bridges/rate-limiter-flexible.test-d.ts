import type * as library from 'rate-limiter-flexible'
import { describe, expectTypeOf, it } from 'vitest'
import type { Decision, FlexibleBridge, FlexibleLimiter, Limiter } from '../index.ts'
import { fromRateLimiterFlexible } from '../index.ts'

declare const flexible: library.RateLimiterPostgres

describe('what can be bridged', () => {
  it('is every class that counts, and every wrapper of one', () => {
    expectTypeOf<library.RateLimiterMemory>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterCluster>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterRedis>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterRedisNonAtomic>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterValkey>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterValkeyGlide>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterMemcache>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterMongo>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterMySQL>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterPostgres>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterSQLite>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterPrisma>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterDrizzle>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterDrizzleNonAtomic>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterDynamo>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterEtcd>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterEtcdNonAtomic>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RLWrapperBlackAndWhite>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RLWrapperTimeouts>().toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterLike>().toExtend<FlexibleLimiter>()
  })

  it('is nothing that cannot be peeked at and refunded', () => {
    expectTypeOf<library.RateLimiterUnion>().not.toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterQueue>().not.toExtend<FlexibleLimiter>()
    expectTypeOf<library.BurstyRateLimiter>().not.toExtend<FlexibleLimiter>()
    expectTypeOf<library.RateLimiterClusterMaster>().not.toExtend<FlexibleLimiter>()
  })
})

describe('a bridge', () => {
  it('is a limiter of promises, with a penalty', () => {
    const limiter = fromRateLimiterFlexible(flexible)
    expectTypeOf(limiter).toEqualTypeOf<FlexibleBridge>()
    expectTypeOf(limiter).toExtend<Limiter<'async', 'default'>>()
    expectTypeOf(limiter.take('ada')).toEqualTypeOf<Promise<Decision>>()
    expectTypeOf(limiter.penalty('ada', 2)).toEqualTypeOf<Promise<Decision>>()
  })

  it('knows the name of its policy', () => {
    const limiter = fromRateLimiterFlexible(flexible, { name: 'logins' })
    void limiter.take({ logins: 'ada' })
    // @ts-expect-error no policy has this name
    void limiter.take({ default: 'ada' })
    // @ts-expect-error nobody reads this option
    fromRateLimiterFlexible(flexible, { points: 5 })
  })
})
