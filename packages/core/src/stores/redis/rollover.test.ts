import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisOfRun } from '../../../../../scripts/servers/of-run.ts'
import { calendarWindow } from '../../algorithms/calendar-window.ts'
import { createLimiter } from '../../limiter.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { redisStore } from './index.ts'
import type { RedisPort } from './port.ts'

let client: Redis
beforeAll(async () => {
  client = new Redis((await redisOfRun()).url)
})
afterAll(() => client.quit())

const june = Date.UTC(2026, 5, 15)
const july = Date.UTC(2026, 6, 15)
const september = Date.UTC(2026, 8, 1)

it('a quota that rolls over takes one round trip a decision, and its key is gone after two idle periods', async () => {
  let now = june
  let trips = 0
  const counted =
    (command: 'eval' | 'evalsha') =>
    async (script: string, keys: string[], args: string[]): Promise<unknown> => {
      trips++
      return client[command](script, keys.length, ...keys, ...args)
    }
  const port: RedisPort = { eval: counted('eval'), evalsha: counted('evalsha') }
  const prefix = newPrefix()
  const limiter = createLimiter({
    store: redisStore(port, { prefix, timeout: '5s', denyCache: false, clock: () => now }),
    algorithm: calendarWindow({ limit: 100, every: 'month', rollover: 0.5 }),
  })
  expect(await limiter.take('ada', { cost: 40 })).toMatchObject({ allowed: true, limit: 100, remaining: 60 })
  // The script was loaded by the first.
  trips = 0
  const [key = ''] = await client.keys(`${prefix}:*`)
  const ttl = await client.pttl(key)
  expect(september - june - ttl).toBeGreaterThanOrEqual(0)
  expect(september - june - ttl).toBeLessThan(60_000)
  now = july
  expect(await limiter.peek('ada')).toMatchObject({ limit: 150, remaining: 150, used: 0 })
  expect(await limiter.take('ada', { cost: 120 })).toMatchObject({ limit: 150, remaining: 30, used: 120 })
  expect(await limiter.take('ada', { cost: 131 })).toMatchObject({
    allowed: false,
    retryAfterMs: september - july,
  })
  expect(await limiter.take('ada', { cost: 130 })).toMatchObject({
    allowed: false,
    retryAfterMs: Date.UTC(2026, 7, 1) - july,
  })
  expect(trips).toBe(4)
  expect((await client.get(key))?.split(',').length).toBe(5)
})
