import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../scripts/servers/redis.ts'
import { commandCalls, growth } from '../../../scripts/servers/stats.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { calendarWindow } from './algorithms/calendar-window.ts'
import { prepaid } from './algorithms/prepaid.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import type { OpenStore } from './conformance.ts'
import { createLimiter } from './limiter.ts'
import type { LimiterOptions } from './limiter-types.ts'
import type { Store } from './store.ts'
import { redisStore } from './stores/redis/index.ts'
import { storesOnMemcached } from './testing/memcached-stores.ts'
import { type Connected, newestKinds } from './testing/redis-clients.ts'
import { clusterSetups, newPrefix, singleSetups, storesOn, type StoreSetup } from './testing/redis-stores.ts'
import { noon } from './testing/worlds.ts'
import type { Warned } from './warnings.ts'

/** What was told so far, once it stays so: nobody waits for warnings. */
async function told<T>(events: readonly T[]): Promise<readonly T[]> {
  for (let count = -1; count < events.length;) {
    count = events.length
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  return events
}

const opens: Record<string, () => OpenStore> = {
  'one Redis': () => storesOn(singleSetups[0] as StoreSetup),
  'a Redis Cluster': () => storesOn(clusterSetups[0] as StoreSetup),
  Memcached: () => storesOnMemcached(),
}

const algorithms = {
  fixedWindow: fixedWindow({ limit: 10, window: '1h' }),
  slidingWindow: slidingWindow({ limit: 10, window: '30m' }),
  calendarWindow: calendarWindow({ limit: 10, every: 'hour' }),
  tokenBucket: tokenBucket({ capacity: 10, refill: 10, per: '30m' }),
}

describe.each(Object.entries(opens))('%s', (_name, openOf) => {
  const open = openOf()

  function warning(
    store: Store,
    options: Partial<LimiterOptions<'async', string>> = {},
  ): { limiter: ReturnType<typeof createLimiter>; events: Warned[] } {
    const events: Warned[] = []
    const on = { warned: (event: Warned) => void events.push(event) }
    const given = { store, algorithm: algorithms.fixedWindow, warnAt: [0.5, 0.8], on, ...options }
    return { limiter: createLimiter(given as never), events }
  }

  it.each(Object.entries(algorithms))(
    'warns once a window, and again in the next one: %s',
    async (_kind, algorithm) => {
      const clock = { now: noon }
      const { limiter, events } = warning(await open(() => clock.now), { algorithm })
      for (let window = 1; window <= 2; window++) {
        await limiter.take('ada', { cost: 2 })
        for (let times = 0; times < 3; times++) {
          await limiter.refund(await limiter.take('ada', { cost: 7 }))
          clock.now += 1000
        }
        expect((await told(events)).map(({ threshold, used }) => [threshold, used])).toEqual(
          Array.from({ length: window }, () => [
            [0.5, 9],
            [0.8, 9],
          ]).flat(),
        )
        clock.now = noon + window * 3_600_000
      }
    },
  )

  it('warns by settlements, and of policies in shadow mode', async () => {
    const { limiter, events } = warning(await open(() => noon), { mode: 'shadow' })
    const reservation = await limiter.reserve('ada', { cost: 1 })
    await reservation.settle(20)
    expect((await told(events)).map(({ threshold }) => threshold)).toEqual([0.5, 0.8])
  })

  it('tells any two keys apart', async () => {
    const { limiter, events } = warning(await open(() => noon), { warnAt: 1 })
    const keys = [
      'ada',
      '1\t10\tada',
      'ada\t',
      'a b\r\nset x',
      '}{',
      'ключ',
      'x'.repeat(500),
      '\ud800',
      '\ud801',
    ]
    for (const key of keys) await limiter.take(key, { cost: 10 })
    expect((await told(events)).map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
  })

  it('warns one of two limiters that share policies', async () => {
    const store = await open(() => noon)
    const [one, other] = [warning(store, { shared: true }), warning(store, { shared: true })]
    for (const { limiter } of [one, other, one, other]) {
      const decision = await limiter.take('ada', { cost: 6 })
      await limiter.refund(decision)
    }
    expect([(await told(one.events)).length, (await told(other.events)).length]).toEqual([1, 0])
  })

  it('forgets by resetAll what was told', async () => {
    const { limiter, events } = warning(await open(() => noon))
    for (let times = 0; times < 2; times++) {
      await limiter.take('ada', { cost: 5 })
      await told(events)
      await limiter.resetAll()
    }
    expect(events).toHaveLength(2)
  })
})

describe('in Redis', () => {
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await startRedis()
    connected = await (newestKinds[0] as (typeof newestKinds)[number]).single(server)
  })
  afterAll(async () => {
    await connected.close()
    await server.stop()
  })

  it('a threshold costs a second call where it is come to, and its key goes with the window', async () => {
    const prefix = newPrefix()
    const before = await commandCalls(server)
    const events: Warned[] = []
    const limiter = createLimiter({
      store: redisStore(connected.client, { prefix, timeout: '5s' }),
      algorithm: tokenBucket({ capacity: 10, refill: 1, per: '1m' }),
      warnAt: 0.5,
      on: { warned: (event) => void events.push(event) },
    })
    for (let times = 0; times < 8; times++) await limiter.take('ada')
    expect(await told(events)).toHaveLength(1)
    const { evalsha = 0, eval: evaluated = 0 } = growth(before, await commandCalls(server))
    // Two scripts, each of which the server has not seen before.
    expect(evalsha + evaluated).toBeLessThanOrEqual(8 + 1 + 2)
    const keys = (await server.ask('KEYS', `${prefix}:*`)) as string[]
    expect(keys.toSorted()).toEqual([
      `${prefix}:{0.5\t10\t\tada}:default\twarned:fixedWindow`,
      `${prefix}:{ada}:default:tokenBucket`,
    ])
    for (const key of keys) {
      const ttlMs = Number(await server.ask('PTTL', key))
      expect(ttlMs).toBeGreaterThan(0)
      expect(ttlMs).toBeLessThanOrEqual(600_000)
    }
  })

  it('a balance warns once', async () => {
    const events: Warned[] = []
    const limiter = createLimiter({
      store: redisStore(connected.client, { prefix: newPrefix(), timeout: '5s' }),
      algorithm: prepaid(),
      warnAt: 0.8,
      on: { warned: (event) => void events.push(event) },
    })
    await limiter.grant('ada', 10, { id: 'a' })
    await Promise.all(Array.from({ length: 20 }, () => limiter.take('ada')))
    expect((await told(events)).map(({ used, limit }) => [used, limit])).toEqual([[8, 10]])
  })
})
