import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RedisServer, startRedis } from '../../../../../scripts/servers/redis.ts'
import { commandCalls } from '../../../../../scripts/servers/stats.ts'
import { calendarWindow } from '../../algorithms/calendar-window.ts'
import { concurrency } from '../../algorithms/concurrency.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { slidingLog } from '../../algorithms/sliding-log.ts'
import { slidingWindow } from '../../algorithms/sliding-window.ts'
import { tokenBucket } from '../../algorithms/token-bucket.ts'
import { call } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import { clientKinds, type Connected } from '../../testing/redis-clients.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { thrown } from '../../testing/thrown.ts'
import { type RedisPort, redisStore } from './index.ts'

const oneOfEach = [
  fixedWindow({ limit: 5, window: '1.5s' }),
  slidingWindow({ limit: 5, window: '31d' }),
  slidingWindow({ limit: 5, window: '1m', strict: true }),
  slidingLog({ limit: 5, window: 500 }),
  tokenBucket({ capacity: 5, refill: 1, per: '1h' }),
  calendarWindow({ limit: 5, every: 'year', timeZone: 'Europe/Paris' }),
  concurrency({ limit: 5, ttl: '1m' }),
]

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

for (const kind of clientKinds) {
  describe(`the Redis store by ${kind.name}`, () => {
    let connected: Connected
    beforeAll(async () => {
      connected = await kind.single(server)
    })
    afterAll(() => connected.close())
    const open = (): ReturnType<typeof redisStore> =>
      redisStore(connected.client, { prefix: newPrefix(), timeout: '5s', denyCache: false })

    it.each([1, 2, 5])('makes one round trip for %i policies', async (count) => {
      const store = open()
      const slots = oneOfEach.slice(0, count).map((algorithm, index) => store.open(`${index}`, algorithm))
      await call(store, ...slots.map((slot) => ({ slot })))
      const before = await commandCalls(server)
      for (let decision = 0; decision < 20; decision++) await call(store, ...slots.map((slot) => ({ slot })))
      const after = await commandCalls(server)
      const made = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
      expect([made('evalsha'), made('eval'), made('script')]).toEqual([20, 0, 0])
    })

    it('goes on when the server forgot its scripts, also with many calls in flight', async () => {
      const store = open()
      const slot = store.open('policy', slidingLog({ limit: 50, window: '1h' }))
      let allowed = 0
      for (let round = 0; round < 3; round++) {
        await server.ask('SCRIPT', 'FLUSH')
        const calls = await Promise.all(Array.from({ length: 20 }, () => call(store, { slot })))
        allowed += calls.filter(({ ruling }) => ruling.allowed).length
      }
      expect(allowed).toBe(50)
    })

    it("goes by the server's time", async () => {
      const store = open()
      const slot = store.open('policy', fixedWindow({ limit: 5, window: '1h' }))
      const [seconds] = (await server.ask('TIME')) as [string, string]
      const { at } = (await call(store, { slot })).ruling
      expect(Math.abs(at - Number(seconds) * 1000)).toBeLessThan(5000)
    })

    it('gives every key a time to live, and integers in every answer', async () => {
      const prefix = newPrefix()
      const store = redisStore(connected.client, { prefix, timeout: '5s', denyCache: false })
      for (const algorithm of oneOfEach) {
        const slot = store.open('policy', algorithm)
        const { ruling } = await call(store, { slot, cost: 2 })
        for (const part of [
          { kind: 'force' as const, cost: 9 },
          { kind: 'refund' as const, at: ruling.at },
          { cost: 1 },
        ]) {
          const { charges } = await call(store, { slot, ...part })
          const { remaining, resetMs, retryAfterMs } = charges[0] as (typeof charges)[0]
          for (const figure of [remaining, resetMs, retryAfterMs])
            expect(figure === Infinity || Number.isSafeInteger(figure)).toBe(true)
        }
      }
      const keys = (await server.ask('KEYS', `${prefix}:*`)) as string[]
      expect(keys.length).toBe(oneOfEach.length)
      for (const key of keys) expect(await server.ask('PTTL', key)).toBeGreaterThan(0)
    })
  })
}

describe('a calendar', () => {
  it('has the edges of the server, however wrong the clock of the caller is', async () => {
    const kind = clientKinds[0] as (typeof clientKinds)[0]
    const connected = await kind.single(server)
    const store = redisStore(connected.client, { prefix: newPrefix(), timeout: '5s', denyCache: false })
    const slot = store.open('policy', calendarWindow({ limit: 1000, every: 'minute' }))
    const real = Date.now()
    const answers: { end: number; remaining: number | undefined }[] = []
    for (const wrong of [0, -60_000, 60_000, 86_400_000, -40 * 86_400_000, 400 * 86_400_000]) {
      vi.spyOn(Date, 'now').mockReturnValue(real + wrong)
      const { ruling, charges } = await call(store, { slot })
      answers.push({ end: ruling.at + (charges[0]?.resetMs ?? 0), remaining: charges[0]?.remaining })
    }
    vi.restoreAllMocks()
    for (const { end } of answers) expect(end % 60_000).toBe(0)
    const [first, ...others] = answers.filter(({ end }) => end === answers[0]?.end)
    others.forEach((other, index) => expect(other.remaining).toBe((first?.remaining ?? 0) - index - 1))
    await connected.close()
  })
})

describe('a port', () => {
  it('plugs in any client, such as one that speaks HTTP and writes numbers as text', async () => {
    const asks: string[] = []
    const run =
      (command: string) =>
      async (script: string, keys: string[], args: string[]): Promise<unknown> => {
        asks.push(command)
        const reply = await server.ask(command, script, keys.length, ...keys, ...args)
        return Array.isArray(reply) ? reply.map(String) : reply
      }
    const port: RedisPort = { evalsha: run('EVALSHA'), eval: run('EVAL') }
    const limiter = createLimiter({
      store: redisStore(port, { prefix: newPrefix(), timeout: '5s' }),
      algorithm: slidingLog({ limit: 2, window: '1h' }),
    })
    await server.ask('SCRIPT', 'FLUSH')
    const decisions = [await limiter.take('ada'), await limiter.take('ada'), await limiter.take('ada')]
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false])
    expect(asks).toEqual(['EVAL', 'EVALSHA', 'EVALSHA'])
    await server.ask('SCRIPT', 'FLUSH')
    await limiter.take('eve', { cost: 2 })
    expect(asks.slice(3)).toEqual(['EVALSHA', 'EVAL'])
    await limiter.reset('ada')
    expect((await limiter.take('ada')).allowed).toBe(true)
    await limiter.close()
  })

  it('is refused where it gives something else than a list of whole numbers', async () => {
    const port: RedisPort = { evalsha: async () => 'OK', eval: async () => 'OK' }
    const store = redisStore(port, { denyCache: false })
    const slot = store.open('policy', fixedWindow({ limit: 5, window: '1h' }))
    await expect(call(store, { slot })).rejects.toThrow('gave no list of whole numbers')
  })
})

describe('what redisStore takes', () => {
  const port: RedisPort = { evalsha: async () => [], eval: async () => [] }
  const error = (client: unknown, options?: unknown): string | undefined =>
    thrown(() => redisStore(client as RedisPort, options as never))

  it.each([[undefined], [null], ['redis://127.0.0.1'], [{}], [{ evalsha: () => [] }]])(
    'is a client, not %o',
    (client) => {
      expect(error(client)).toMatch(
        'TypeError: client must be a client of ioredis or node-redis, or an object with evalsha and eval, got ',
      )
    },
  )

  it.each([
    [{ prefix: 'a{b' }, "RangeError: prefix must be text without braces, got 'a{b'"],
    [{ prefix: 7 }, 'TypeError: prefix must be text without braces, got 7'],
    [{ timeout: 0 }, "RangeError: timeout must be from 1 ms to 10 years, such as 60000 or '1m', got 0"],
    [
      { timeout: 'soon' },
      "RangeError: timeout must be from 1 ms to 10 years, such as 60000 or '1m', got 'soon'",
    ],
    [{ clock: 1 }, 'TypeError: clock must be a function, got 1'],
    [{ url: 'x' }, "TypeError: redisStore has no option 'url'"],
  ])('refuses %o', (options, message) => {
    expect(error(port, options)).toMatch(message)
  })

  it('refuses an algorithm that has no twin', () => {
    const algorithm = { ...fixedWindow({ limit: 5, window: '1h' }), kind: 'own' }
    expect(thrown(() => redisStore(port).open('policy', algorithm))).toBe(
      "TypeError: redisStore knows no algorithm of kind 'own'",
    )
  })
})

describe('a process that is busy for longer than the timeout', () => {
  it('takes answers that are there already for answers', async () => {
    const kind = clientKinds[0] as (typeof clientKinds)[0]
    const connected = await kind.single(server)
    const limiter = createLimiter({
      store: redisStore(connected.client, { prefix: newPrefix(), timeout: 200, denyCache: false }),
      limit: 50,
      window: '1h',
    })
    // The name of the script is known from the second call on: until then nothing is on its way so soon.
    for (let times = 0; times < 2; times++) await limiter.take('ada')
    const decisions = Promise.all(Array.from({ length: 10 }, () => limiter.take('ada')))
    await Promise.resolve()
    // Until they are on their way, and then for long enough.
    await new Promise((resolve) => setImmediate(resolve))
    const end = performance.now() + 1000
    while (performance.now() < end);
    expect(new Set((await decisions).map(({ source }) => source))).toEqual(new Set(['store']))
    await limiter.close()
    await connected.close()
  })
})
