/** What docs/migrate.md says of the day of the switch, tried on a real Redis. */

import { RedisStore } from 'hono-rate-limiter'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLimiter, fixedWindow, fromRateLimiterFlexible } from '../packages/core/src/index.ts'
import { redisStore } from '../packages/core/src/stores/redis/index.ts'
import { redisOfRun } from '../scripts/servers/of-run.ts'
import { honoApp, koaApp } from './testing/apps.ts'
import { consumed, flexible, Redis } from './testing/peers.ts'
import { statusesOf } from './testing/requests.ts'
import { limit, ofHono, ofKoa, window } from './testing/theirs.ts'

const algorithm = fixedWindow({ limit, window })

/** A client of a real Redis, and what the names of keys begin with. */
async function connected(): Promise<{ client: InstanceType<typeof Redis>; prefix: string }> {
  const { host, port, prefix } = await redisOfRun()
  const client = new Redis({ host, port, autoResendUnfulfilledCommands: false })
  onTestFinished(() => client.disconnect())
  return { client, prefix }
}

/** The limits of three other libraries, all used up. */
async function usedUp(client: InstanceType<typeof Redis>, prefix: string): Promise<void> {
  const koa = await koaApp(ofKoa({ driver: 'redis', db: client, namespace: prefix, id: () => 'koa' }))
  expect(await statusesOf(koa, 3)).toEqual([200, 200, 429])
  const forHono = {
    scriptLoad: (script: string) => client.script('LOAD', script) as Promise<string>,
    evalsha: <Data>(sha: string, keys: string[], args: unknown[]) =>
      client.evalsha(sha, keys.length, ...keys, ...(args as string[])) as Promise<Data>,
    decr: (key: string) => client.decr(key),
    del: (key: string) => client.del(key),
  }
  const store = new RedisStore({ client: forHono, prefix: `${prefix}:` })
  const hono = honoApp(ofHono({ store, keyGenerator: () => 'hono' }))
  expect(await statusesOf(hono, 3)).toEqual([200, 200, 429])
  expect(await consumed(flexibleOn(client, prefix), [1, 1, 1])).toEqual([true, true, false])
}

const flexibleOn = (
  client: InstanceType<typeof Redis>,
  keyPrefix: string,
  duration = 60,
): InstanceType<typeof flexible.RateLimiterRedis> =>
  new flexible.RateLimiterRedis({ storeClient: client, keyPrefix, points: limit, duration })

describe('The day of the switch', () => {
  it('Counts start afresh', async () => {
    const { client, prefix } = await connected()
    await usedUp(client, prefix)
    const limiter = createLimiter({ algorithm, store: redisStore(client, { prefix, timeout: '5s' }) })
    for (const key of ['koa', 'hono', 'key']) expect((await limiter.peek(key)).remaining).toBe(limit)
  })

  it('Both count while both run', async () => {
    const { client, prefix } = await connected()
    const store = redisStore(client, { prefix, timeout: '5s' })
    const limiter = createLimiter({ algorithm, store })
    const half = createLimiter({
      name: 'half',
      algorithm: fixedWindow({ limit: limit / 2, window }),
      store,
    })
    const passed = { old: 0, whole: 0, halved: 0 }
    for (let turn = 0; turn < 5; turn++) {
      if ((await consumed(flexibleOn(client, prefix), [1]))[0]) passed.old++
      if ((await limiter.take('key')).allowed) passed.whole++
      if ((await half.take('key')).allowed) passed.halved++
    }
    expect(passed).toEqual({ old: limit, whole: limit, halved: limit / 2 })
  })

  it('Shadow first', async () => {
    const { client, prefix } = await connected()
    const policy = { name: 'address', algorithm }
    const store = (): ReturnType<typeof redisStore> => redisStore(client, { prefix, timeout: '5s' })
    const shadow = createLimiter({ ...policy, mode: 'shadow', store: store() })
    for (let turn = 0; turn < 3; turn++) expect((await shadow.take('key')).allowed).toBe(true)
    await shadow.close()
    const limiter = createLimiter({ ...policy, store: store() })
    const { allowed, used } = await limiter.take('key')
    expect([allowed, used]).toEqual([false, limit])
  })

  it('The bridge goes on counting', async () => {
    const { client, prefix } = await connected()
    expect(await consumed(flexibleOn(client, prefix), [1])).toEqual([true])
    const limiter = fromRateLimiterFlexible(flexibleOn(client, prefix))
    expect((await limiter.take('key')).remaining).toBe(0)
    expect((await limiter.take('key')).allowed).toBe(false)
  })

  it('Old keys go by themselves', async () => {
    const { client, prefix } = await connected()
    await usedUp(client, prefix)
    const left = async (): Promise<number[]> =>
      Promise.all((await client.keys(`${prefix}*`)).map((key) => client.pttl(key)))
    const lives = await left()
    expect(lives).toHaveLength(3)
    for (const life of lives) {
      expect(life).toBeGreaterThan(0)
      expect(life).toBeLessThanOrEqual(60_000)
    }
    for (const duration of [0, 0.5]) {
      const limiter = flexibleOn(client, `${prefix}:forever`, duration)
      await limiter.consume('key')
      expect(await client.pttl(`${prefix}:forever:key`)).toBe(-1)
      await limiter.delete('key')
    }
  })
})
