import { Redis } from 'ioredis'
import Memcached from 'memcached'
import { createClient } from 'redis'
import { startMemcached } from '../../../../scripts/servers/memcached.ts'
import { startProxy } from '../../../../scripts/servers/proxy.ts'
import { startRedis } from '../../../../scripts/servers/redis.ts'
import { type Random, randomOf } from '../../src/conformance/random.ts'
import { createLimiter, type Limiter, slidingLog, type Store, tokenBucket } from '../../src/index.ts'
import { memcachedStore } from '../../src/stores/memcached/index.ts'
import { type RedisClient, redisStore } from '../../src/stores/redis/index.ts'

interface Soaked {
  readonly name: string
  readonly limiter: Limiter<'async', 'burst' | 'hour'>
  /** A store on the same server whose clock is set by hand. */
  open(clock: () => number): Store<'async'>
}

export interface SoakWorld {
  readonly random: Random
  readonly soaked: readonly Soaked[]
  /** Traffic with a fault in the middle of it; tells which. */
  trouble(): Promise<string>
  /** What was decided since the last time. */
  figures(): { decisions: number; sources: Record<string, number> }
  stop(): Promise<void>
}

const policies = [
  { name: 'burst', algorithm: tokenBucket({ capacity: 20, refill: 50, per: '1s' }) },
  { name: 'hour', algorithm: slidingLog({ limit: 500, window: '1h' }) },
] as const

/** Two clients on one Redis and one on Memcached, each behind a proxy. */
export async function startWorld(seed: number): Promise<SoakWorld> {
  const random = randomOf(seed)
  const redis = await startRedis()
  const memcached = await startMemcached()
  const ways = await Promise.all([redis, redis, memcached].map(({ port }) => startProxy({ to: port })))
  const [one, two, three] = ways as [(typeof ways)[0], (typeof ways)[0], (typeof ways)[0]]
  const nobody = (): void => undefined

  const ioredis = new Redis(one.port, {
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: () => 50,
  }).on('error', nobody)
  const nodeRedis = createClient({
    url: `redis://127.0.0.1:${two.port}`,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: () => 50 },
  }).on('error', nobody)
  await nodeRedis.connect()
  // Its types do not know the last of them, which leaves a timer behind for five minutes by default.
  const options = { timeout: 100, retries: 0, retry: 100, failures: 2 ** 31, failuresTimeout: 200 }
  const npm = new Memcached(`127.0.0.1:${three.port}`, options)

  const redisOn = (name: string, client: RedisClient, more: object): Soaked => ({
    name,
    limiter: createLimiter({ store: redisStore(client, { prefix: name, ...more }), policies }),
    open: (clock) =>
      redisStore(client, { prefix: `${name}-${random.int(0, 1e9)}`, clock, timeout: '2s', denyCache: false }),
  })
  const soaked: Soaked[] = [
    redisOn('ioredis', ioredis, {}),
    redisOn('node-redis', nodeRedis, { lease: { size: 20, maxHold: 500 } }),
    {
      name: 'memcached',
      limiter: createLimiter({ store: memcachedStore(npm, { prefix: 'm' }), policies }),
      open: (clock) => memcachedStore(npm, { prefix: `m${random.int(0, 1e9)}`, clock, timeout: '2s' }),
    },
  ]

  const faults: Record<string, () => Promise<unknown> | void> = {
    'nothing wrong': nobody,
    'late replies': () => ways.forEach((way) => way.delayReplies(random.int(50, 400))),
    'lost replies': () => ways.forEach((way) => way.dropReplies()),
    'reset connections': () => ways.forEach((way) => way.reset()),
    'unplugged cables': () => ways.forEach((way) => way.halfOpen()),
    'refused connections': () =>
      ways.forEach((way) => {
        way.refuse()
        way.reset()
      }),
    'replies byte by byte': () => ways.forEach((way) => way.byteByByte()),
    'Redis restarted': () => redis.restart(),
    'Memcached restarted': () => memcached.restart(),
    'scripts flushed': () => redis.ask('SCRIPT', 'FLUSH'),
    'all keys flushed': () => redis.ask('FLUSHALL'),
    'out of memory': () => redis.ask('CONFIG', 'SET', 'maxmemory', '1'),
  }

  let decisions = 0
  let sources: Record<string, number> = {}

  async function traffic(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (Date.now() < end) {
      await Promise.all(
        soaked.flatMap(({ limiter }) =>
          Array.from({ length: 8 }, async () => {
            const decision = await limiter.take(`key ${random.int(0, 50)}`, { cost: random.int(0, 3) })
            decisions++
            sources[decision.source] = (sources[decision.source] ?? 0) + 1
            // A store that is away cannot give back.
            if (random.int(0, 9) === 0) await limiter.refund(decision).catch(nobody)
          }),
        ),
      )
      // What answers by itself leaves no room for anything else.
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  return {
    random,
    soaked,
    async trouble() {
      const name = random.pick(Object.keys(faults))
      const load = traffic(2500)
      await new Promise((resolve) => setTimeout(resolve, 500))
      await faults[name]?.()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      for (const way of ways) way.pass()
      if (name === 'lost replies' || name === 'unplugged cables') for (const way of ways) way.reset()
      await redis.ask('CONFIG', 'SET', 'maxmemory', '0')
      await load
      // Until all answer by themselves again.
      for (const { limiter } of soaked)
        while ((await limiter.peek('nobody', { cost: 0 })).source !== 'store')
          await new Promise((resolve) => setTimeout(resolve, 50))
      return name
    },
    figures() {
      const told = { decisions, sources }
      decisions = 0
      sources = {}
      return told
    },
    async stop() {
      for (const { limiter } of soaked) await limiter.close()
      ioredis.disconnect()
      nodeRedis.destroy()
      npm.end()
      await Promise.all(ways.map((way) => way.stop()))
      await redis.stop()
      await memcached.stop()
    },
  }
}
