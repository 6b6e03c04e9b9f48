import { RateLimiterMemcache, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { memcachedOfRun } from '../../../../scripts/servers/of-run.ts'
import { type RedisServer, startRedis } from '../../../../scripts/servers/redis.ts'
import { until } from '../../../../scripts/servers/until.ts'
import { isStoreError } from '../store-error.ts'
import type { OnStoreError } from '../store.ts'
import { openPostgres } from '../testing/flexible-limiters.ts'
import { newClient } from '../testing/memcached-stores.ts'
import { type Connected, newestKinds } from '../testing/redis-clients.ts'
import { newPrefix } from '../testing/redis-stores.ts'
import { figuresOf } from './rate-limiter-flexible-limiter.ts'
import { flexibleStore } from './rate-limiter-flexible-store.ts'
import { type FlexibleBridge, fromRateLimiterFlexible } from './rate-limiter-flexible.ts'

const five = { points: 5, duration: 3600 }

/** A bridge, and what it told of failures. */
function watched(
  limiter: Parameters<typeof fromRateLimiterFlexible>[0],
  options: { onStoreError?: OnStoreError; timeout?: number } = {},
): { limiter: FlexibleBridge; failures: unknown[]; recovered: () => boolean } {
  const failures: unknown[] = []
  let isBack = false
  const on = {
    storeFailing: ({ error }: { error: unknown }) => void failures.push(error),
    storeRecovered: () => void (isBack = true),
  }
  return {
    limiter: fromRateLimiterFlexible(limiter, { timeout: 5000, ...options, on }),
    failures,
    recovered: () => isBack,
  }
}

describe('on a Redis that fails', () => {
  let redis: RedisServer
  let connected: Connected
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    await redis.restart()
    connected = await newestKinds[0]!.single(redis)
  })
  afterEach(() => connected.close())

  const flexible = (insuranceLimiter?: RateLimiterMemory): RateLimiterRedis =>
    new RateLimiterRedis({
      ...five,
      storeClient: connected.client,
      keyPrefix: newPrefix(),
      ...(insuranceLimiter && { insuranceLimiter }),
    })

  it('an insurance limiter answers, by its own points, and nobody hears of a failure', async () => {
    const { limiter, failures } = watched(flexible(new RateLimiterMemory({ points: 2, duration: 60 })))
    const before = await limiter.take('ada')
    expect(before).toMatchObject({ allowed: true, remaining: 4, source: 'store' })
    await redis.kill()
    expect(await limiter.take('ada')).toMatchObject({
      allowed: true,
      limit: 5,
      remaining: 1,
      source: 'store',
    })
    expect(await limiter.penalty('ada')).toMatchObject({ allowed: true, remaining: 0 })
    expect(await limiter.peek('ada')).toMatchObject({ allowed: false, remaining: 0 })
    const refused = await limiter.take('ada')
    expect(refused).toMatchObject({ allowed: false, source: 'store' })
    expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000)
    await limiter.refund(await limiter.take('bob'))
    expect(await limiter.peek('bob')).toMatchObject({ remaining: 2 })
    await limiter.reset('ada')
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, remaining: 1 })
    expect(failures).toEqual([])
  })

  it('without one this process counts until it is back', async () => {
    const { limiter, failures, recovered } = watched(flexible())
    await limiter.take('ada', { cost: 4 })
    await redis.kill()
    expect(await limiter.take('ada', { cost: 4 })).toMatchObject({
      allowed: true,
      remaining: 1,
      source: 'fallback',
    })
    expect(await limiter.take('ada', { cost: 4 })).toMatchObject({ allowed: false, source: 'fallback' })
    expect(failures).toHaveLength(1)
    expect(isStoreError(failures[0])).toBe(true)
    expect((failures[0] as Error).message).toMatch(/^rate-limiter-flexible failed: /)
    expect((failures[0] as Error).cause).toBeInstanceOf(Error)
    await redis.restart()
    await until('it is back', async () => recovered())
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, remaining: 4, source: 'store' })
    // What asks whether it works leaves nothing behind.
    expect(await redis.ask('DBSIZE')).toBe(1)
  })

  it('other failure policies answer as they do for other stores', async () => {
    const denying = watched(flexible(), { onStoreError: 'deny' }).limiter
    const allowing = watched(flexible(), { onStoreError: 'allow' }).limiter
    await redis.kill()
    expect(await denying.take('ada')).toMatchObject({
      allowed: false,
      policies: [],
      source: 'failure-policy',
    })
    expect(await allowing.take('ada')).toMatchObject({
      allowed: true,
      policies: [],
      source: 'failure-policy',
    })
  })

  it('a penalty, and a refund of what it charged, reject', async () => {
    const { limiter } = watched(flexible())
    const decision = await limiter.take('ada')
    await redis.kill()
    await expect(limiter.penalty('ada')).rejects.toSatisfy(isStoreError)
    await expect(limiter.refund(decision)).rejects.toSatisfy(isStoreError)
    await expect(limiter.reset('ada')).rejects.toSatisfy(isStoreError)
  })

  it('a call that hangs is over after the timeout', async () => {
    const { limiter, failures } = watched(flexible(), { timeout: 50 })
    await redis.kill('SIGSTOP')
    const from = performance.now()
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, source: 'fallback' })
    expect(performance.now() - from).toBeGreaterThanOrEqual(49)
    expect(failures).toMatchObject([{ code: 'timeout', message: 'the limiter did not answer within 50 ms' }])
    await redis.kill('SIGCONT')
  })

  it('a server that cannot write does not work, whatever it answers', async () => {
    const limiter = flexible()
    const { probe } = flexibleStore(limiter, figuresOf(limiter), 5000)
    await redis.ask('CONFIG', 'SET', 'maxmemory', 1)
    await expect(probe?.()).rejects.toSatisfy(isStoreError)
    await redis.ask('CONFIG', 'SET', 'maxmemory', 0)
    await expect(probe?.()).resolves.toBeUndefined()
  })

  it('answers without figures let nobody in', async () => {
    const storeClient = connected.client
    const lying = new RateLimiterRedis({ ...five, storeClient, customIncrTtlLuaScript: 'return {}' })
    const { limiter, failures } = watched(lying, { onStoreError: 'deny' })
    expect(await limiter.take('ada')).toMatchObject({ allowed: false, source: 'failure-policy' })
    expect(failures).toMatchObject([{ message: 'rate-limiter-flexible answered without figures' }])
  })
})

it('a mistake in a program is not taken for a failure', async () => {
  const wrong = new RateLimiterRedis({ ...five, storeClient: {} })
  const { limiter, failures } = watched(wrong)
  await expect(limiter.take('ada')).rejects.toThrow(TypeError)
  expect(failures).toEqual([])
})

it('a PostgreSQL that is gone is answered for too', async () => {
  const postgres = await openPostgres()
  const { limiter, failures } = watched(await postgres.make(five), { timeout: 500 })
  expect(await limiter.take('ada')).toMatchObject({ remaining: 4, source: 'store' })
  await postgres.stop()
  expect(await limiter.take('ada')).toMatchObject({ remaining: 4, source: 'fallback' })
  expect(failures).toHaveLength(1)
  await postgres.close()
})

it('on Memcached, whose counters the library cannot lower, refunds reject', async () => {
  const client = newClient((await memcachedOfRun()).address)
  const { limiter } = watched(
    new RateLimiterMemcache({ ...five, storeClient: client, keyPrefix: newPrefix() }),
  )
  const decision = await limiter.take('ada', { cost: 2 })
  expect(decision).toMatchObject({ allowed: true, remaining: 3, source: 'store' })
  await expect(limiter.refund(decision)).rejects.toThrow('rate-limiter-flexible failed: Can not add key')
  expect(await limiter.peek('ada')).toMatchObject({ used: 2 })
  client.end()
})
