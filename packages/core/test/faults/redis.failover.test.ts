import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterEach, expect, it } from 'vitest'
import { startCluster } from '../../../../scripts/servers/cluster.ts'
import { startRedis } from '../../../../scripts/servers/redis.ts'
import { startSentinel } from '../../../../scripts/servers/sentinel.ts'
import type { Decision } from '../../src/algorithm.ts'
import { slidingLog } from '../../src/algorithms/sliding-log.ts'
import { slidingWindow } from '../../src/algorithms/sliding-window.ts'
import { tokenBucket } from '../../src/algorithms/token-bucket.ts'
import { createLimiter } from '../../src/limiter.ts'
import { type RedisClient, redisStore } from '../../src/stores/redis/index.ts'
import { slotOf } from '../../src/stores/redis/keys.ts'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { allowed, ready, RECOVERY_MS, recoveryOf, sources, timed, TIMEOUT_MS } from './world.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

const clients = {
  ioredis: (name: string, host: string, port: number) => {
    const client = new Redis({
      sentinels: [{ host, port }],
      name,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      sentinelRetryStrategy: () => 50,
      retryStrategy: () => 50,
    }).on('error', () => undefined)
    return { client, close: () => client.disconnect(), connect: async () => undefined }
  },
  'node-redis': (name: string, host: string, port: number) => {
    const client = createSentinel({
      name,
      sentinelRootNodes: [{ host, port }],
      scanInterval: 100,
      nodeClientOptions: { disableOfflineQueue: true, socket: { reconnectStrategy: () => 50 } },
    }).on('error', () => undefined)
    return { client, close: () => client.destroy(), connect: () => client.connect() }
  },
}

for (const [kind, make] of Object.entries(clients)) {
  it(`${kind}: a failover by Sentinel in the middle`, async () => {
    const group = await startSentinel()
    endings.push(() => group.stop())
    const [sentinel] = group.sentinels
    const { client, close, connect } = make(group.name, '127.0.0.1', sentinel!.port)
    endings.push(close)
    await connect()
    await ready({ client } as never)
    const events: string[] = []
    const limiter = createLimiter({
      store: redisStore(client as unknown as RedisClient, {
        prefix: newPrefix(),
        timeout: TIMEOUT_MS,
        denyCache: false,
      }),
      algorithm: slidingLog({ limit: 40, window: '1h' }),
      on: {
        storeFailing: () => void events.push('failing'),
        storeRecovered: () => void events.push('recovered'),
      },
    })
    endings.push(() => limiter.close())
    const takes = (count: number): ReturnType<typeof timed<Awaited<ReturnType<typeof limiter.take>>>> =>
      timed(Array.from({ length: count }, () => () => limiter.take('ada')))

    const before = await takes(20)
    expect(sources(before)).toEqual(['store'])
    const over = group.failOver({ kill: true })
    const during = []
    const state = { isOver: false }
    void over.then(() => (state.isOver = true))
    while (!state.isOver) {
      during.push(...(await takes(1)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(sources(during)).toContain('fallback')
    await ready({ client } as never)
    expect(await recoveryOf(limiter)).toBeLessThan(kind === 'ioredis' ? RECOVERY_MS : 5000)
    // What the replica had got is counted on. The client goes on to look for the master for a while.
    const after: Decision[] = []
    const settled = async (): Promise<readonly string[]> => {
      const some = await takes(3)
      after.push(...some)
      return sources(some)
    }
    await expect.poll(settled, { timeout: 15_000, interval: 100 }).toEqual(['store'])
    for (let batch = 0; batch < 10; batch++) after.push(...(await takes(6)))
    const byStore = after.filter(({ source }) => source === 'store')
    expect(byStore.length).toBeGreaterThan(40)
    expect(allowed(byStore)).toBeGreaterThan(0)
    expect(allowed(byStore)).toBeLessThanOrEqual(40)
    await expect.poll(() => events.length % 2).toBe(0)
  })
}

for (const kind of newestKinds) {
  it(`${kind.name}: a slot of a Cluster that is moved under load`, async () => {
    const cluster = await startCluster()
    endings.push(() => cluster.stop())
    const connected = await kind.cluster(cluster.nodes)
    endings.push(() => connected.close())
    const limiter = createLimiter({
      store: redisStore(connected.client, { prefix: newPrefix(), timeout: '2s', denyCache: false }),
      algorithm: slidingLog({ limit: 500, window: '1h' }),
    })
    endings.push(() => limiter.close())
    const slot = slotOf('{ada}')
    const owner = await cluster.ownerOf(slot)
    const target = cluster.masters.find((master) => master !== owner)!
    const load = { isOver: false }
    const decisions = [await limiter.take('ada')]
    const callers = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!load.isOver) {
          decisions.push(await limiter.take('ada'))
          // What answers by itself leaves no room for anything else.
          await new Promise((resolve) => setImmediate(resolve))
        }
      }),
    )
    await cluster.moveSlot(slot, target)
    await new Promise((resolve) => setTimeout(resolve, 200))
    load.isOver = true
    await callers
    while (decisions.length < 520) decisions.push(await limiter.take('ada'))
    expect(await cluster.ownerOf(slot)).toBe(target)
    expect(sources(decisions)).toEqual(['store'])
    expect(allowed(decisions)).toBe(500)
  })

  it(`${kind.name}: a failover to a server whose clock is 30 s behind`, async () => {
    const server = await startRedis()
    endings.push(() => server.stop())
    const connected = await kind.single(server)
    endings.push(() => connected.close())
    const prefix = newPrefix()
    const policies = [
      { name: 'bucket', algorithm: tokenBucket({ capacity: 5, refill: 10, per: '1s' }) },
      { name: 'log', algorithm: slidingLog({ limit: 5, window: '10s' }) },
      { name: 'window', algorithm: slidingWindow({ limit: 5, window: '2m' }) },
    ] as const
    const [seconds] = (await server.ask('TIME')) as [string]
    const aheadMs = Number(seconds) * 1000 + 30_000
    const options = { prefix, timeout: '5s', denyCache: false } as const
    const old = createLimiter({
      store: redisStore(connected.client, { ...options, clock: () => aheadMs }),
      policies,
    })
    for (let take = 0; take < 5; take++) expect((await old.take('ada')).allowed).toBe(true)
    const now = createLimiter({ store: redisStore(connected.client, options), policies })
    const decision = await now.take('ada')
    expect(decision.allowed).toBe(false)
    // Time stands still until the clock is where it was, and nothing waits longer than that and its own wait.
    for (const { retryAfterMs, windowMs } of decision.policies) {
      expect(retryAfterMs).toBeGreaterThan(28_000)
      expect(retryAfterMs).toBeLessThan(30_100 + 2 * windowMs)
    }
    await old.close()
    await now.close()
  })
}
