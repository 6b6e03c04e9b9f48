/** The defaults that docs/options.md tells, and what docs/stores.md tells of servers, seen on real ones. */

import { Redis } from 'ioredis'
import Memcached from 'memcached'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createLimiter, fixedWindow, type Limiter, memoryStore, tokenBucket } from '../index.ts'
import { denyCache } from './deny-cache.ts'
import { lease } from './lease.ts'
import { memcachedStore } from './memcached/index.ts'
import { redisStore, type RedisStoreOptions } from './redis/index.ts'
import { type MemcachedServer, startMemcached } from '../../../../scripts/servers/memcached.ts'
import { type RedisServer, startRedis } from '../../../../scripts/servers/redis.ts'

const sourceOf = async (limiter: Limiter, key = 'key'): Promise<string> => (await limiter.take(key)).source

describe('redisStore', () => {
  let server: RedisServer
  let client: Redis
  beforeAll(async () => {
    server = await startRedis()
    client = new Redis(server.port, { autoResendUnfulfilledCommands: false, enableOfflineQueue: false })
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  const limited = (name: string, limit: number, options: RedisStoreOptions = {}): Limiter<'async'> =>
    createLimiter({
      name,
      algorithm: fixedWindow({ limit, window: '1h' }),
      store: redisStore(client, options),
    })

  it("prefix: 'sluice', in names as they are told", async () => {
    await limited('burst', 1, { timeout: '5s' }).take('100% {me}')
    expect(await server.ask('KEYS', '*')).toEqual(['sluice:{100%25 {me%7d}:burst:fixedWindow'])
    expect(await server.ask('PTTL', 'sluice:{100%25 {me%7d}:burst:fixedWindow')).toBeGreaterThan(0)
  })

  it('denyCache: on', async () => {
    const limiter = limited('denied', 0, { timeout: '5s' })
    expect([await sourceOf(limiter), await sourceOf(limiter)]).toEqual(['store', 'deny-cache'])
    const without = limited('denied', 0, { timeout: '5s', denyCache: false })
    expect([await sourceOf(without), await sourceOf(without)]).toEqual(['store', 'store'])
  })

  it('lease: off', async () => {
    const sources = async (options: RedisStoreOptions): Promise<string[]> => {
      const limiter = limited('leased', 1000, { timeout: '5s', ...options })
      return [await sourceOf(limiter), await sourceOf(limiter), await sourceOf(limiter)]
    }
    expect(await sources({})).toEqual(['store', 'store', 'store'])
    expect(await sources({ lease: { size: 100, maxHold: '1h' } })).toEqual(['store', 'store', 'lease'])
  })

  it('is content with the rights that docs/stores.md tells', async () => {
    const rights = '+eval +evalsha +get +set +del +time ~sluice:* +scan'.split(' ')
    await server.ask('ACL', 'SETUSER', 'sluice', 'on', '>secret', '-@all', '+info', ...rights)
    const user = client.duplicate({ username: 'sluice', password: 'secret', disableClientInfo: true })
    onTestFinished(() => user.disconnect())
    const limiter = createLimiter({
      store: redisStore(user, { timeout: '5s' }),
      policies: [
        { name: 'a', algorithm: fixedWindow({ limit: 5, window: '1h' }) },
        { name: 'b', algorithm: tokenBucket({ capacity: 5, refill: 1, per: '1h' }) },
      ],
    })
    const decision = await limiter.take('user:42', { cost: 2 })
    expect([decision.source, decision.remaining]).toEqual(['store', 3])
    await limiter.refund(decision, { cost: 1 })
    expect((await limiter.peek('user:42')).remaining).toBe(4)
    await limiter.reset('user:42')
    await limiter.resetAll()
    expect(await server.ask('KEYS', 'sluice:{user:42}:*')).toEqual([])
  })

  it("timeout: '100ms'", async () => {
    const errors: unknown[] = []
    const limiter = createLimiter({
      limit: 1,
      window: '1m',
      store: redisStore(client),
      on: { storeFailing: ({ error }) => errors.push(error) },
    })
    await server.kill('SIGSTOP')
    expect(await sourceOf(limiter)).toBe('fallback')
    await server.kill('SIGCONT')
    expect(errors).toMatchObject([{ code: 'timeout', message: expect.stringMatching(/within (100|99) ms/) }])
  })
})

describe('memcachedStore', () => {
  let server: MemcachedServer
  let client: Memcached
  beforeAll(async () => {
    server = await startMemcached()
    client = new Memcached(server.address, { retries: 0, retry: 100 })
  })
  afterAll(async () => {
    client.end()
    await server.stop()
  })

  it("prefix: 'sluice'", async () => {
    await createLimiter({ limit: 1, window: '1h', store: memcachedStore(client, { timeout: '5s' }) }).take(
      'me',
    )
    const found = await new Promise((resolve) =>
      client.get('sluice:default:slidingWindow:me', (_error, value: unknown) => resolve(value)),
    )
    expect(found).toMatch(/^\d+(,\d+)+$/)
  })

  it("timeout: '100ms'", async () => {
    const errors: unknown[] = []
    const limiter = createLimiter({
      limit: 1,
      window: '1m',
      store: memcachedStore(client),
      on: { storeFailing: ({ error }) => errors.push(error) },
    })
    await server.kill('SIGSTOP')
    expect(await sourceOf(limiter)).toBe('fallback')
    await server.kill('SIGCONT')
    expect(errors).toMatchObject([{ code: 'timeout', message: expect.stringContaining('within 100 ms') }])
  })
})

describe('denyCache', () => {
  let nowMs = 0
  const store = denyCache(memoryStore(), { now: () => nowMs })
  const limiter = createLimiter({ limit: 0, window: '1m', store })
  const sourceAt = (ms: number, key: string): string => {
    nowMs = ms
    return limiter.take(key).source
  }

  it("maxStale: '1s'", () => {
    expect([0, 999, 1000].map((ms) => sourceAt(ms, 'key'))).toEqual(['store', 'deny-cache', 'store'])
  })

  it('maxKeys: 10,000', () => {
    for (let key = 0; key < 10_000; key++) sourceAt(2000, `${key}`)
    expect(sourceAt(2000, '0')).toBe('deny-cache')
    sourceAt(2000, 'one more')
    expect([sourceAt(2000, '1'), sourceAt(2000, '0')]).toEqual(['deny-cache', 'store'])
  })
})

describe('lease', () => {
  let nowMs = 0
  const store = lease(memoryStore(), { size: 100, now: () => nowMs })
  const limiter = createLimiter({ algorithm: fixedWindow({ limit: 1000, window: '1h' }), store })
  const sourceAt = (ms: number, key: string): string => {
    nowMs = ms
    return limiter.take(key).source
  }

  it("maxHold: '1s'", () => {
    expect([0, 0, 999, 1000].map((ms) => sourceAt(ms, 'key'))).toEqual(['store', 'store', 'lease', 'store'])
  })

  it('maxKeys: 10,000', async () => {
    await limiter.close()
    const other = createLimiter({
      name: 'other',
      algorithm: fixedWindow({ limit: 1000, window: '1h' }),
      store: lease(memoryStore(), { size: 100, maxHold: '1h' }),
    })
    const third = (key: string): string =>
      [other.take(key), other.take(key), other.take(key)][2]?.source ?? ''
    for (let key = 0; key < 10_000; key++) expect(third(`${key}`)).toBe('lease')
    expect(third('one more')).toBe('store')
    await other.close()
  })
})
