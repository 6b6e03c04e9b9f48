import { Redis } from 'ioredis'
import { afterEach, expect, it, vi } from 'vitest'
import { type Proxy, startProxy } from '../../../../scripts/servers/proxy.ts'
import { type RedisServer, startRedis } from '../../../../scripts/servers/redis.ts'
import { slidingLog } from '../../src/algorithms/sliding-log.ts'
import { createLimiter } from '../../src/limiter.ts'
import type { Limiter } from '../../src/limiter-types.ts'
import { type RedisClient, redisStore } from '../../src/stores/redis/index.ts'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { ready, RECOVERY_MS, recoveryOf, sources, timed, TIMEOUT_MS } from './world.ts'

const prefix = newPrefix()
let server: RedisServer
let proxy: Proxy
const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0)) await end()
  await proxy.stop()
  await server.stop()
})

async function start(): Promise<void> {
  server = await startRedis()
  proxy = await startProxy({ to: server.port })
}

function limiterOn(client: unknown, on = {}): Limiter<'async', 'default'> {
  const limiter = createLimiter({
    store: redisStore(client as RedisClient, { prefix, timeout: TIMEOUT_MS, denyCache: false }),
    algorithm: slidingLog({ limit: 100, window: '1h' }),
    on,
  })
  endings.unshift(() => limiter.close())
  return limiter
}

for (const kind of newestKinds) {
  it(`${kind.name}: a server that is down at boot is used as soon as it is up`, async () => {
    await start()
    proxy.refuse()
    const connected = kind.connecting(proxy)
    endings.push(() => connected.close())
    const events: string[] = []
    const limiter = limiterOn(connected.client, {
      storeFailing: () => events.push('failing'),
      storeRecovered: () => events.push('recovered'),
    })
    const take = (): ReturnType<typeof limiter.take> => limiter.take('ada')
    for (let round = 0; round < 3; round++) {
      expect(sources(await timed([take, take, take]))).toEqual(['fallback'])
    }
    expect(events).toEqual(['failing'])
    proxy.pass()
    await ready(connected)
    expect(await recoveryOf(limiter)).toBeLessThan(RECOVERY_MS)
    expect(events).toEqual(['failing', 'recovered'])
  })

  it(`${kind.name}: the first calls wait for a client that is just connecting`, async () => {
    await start()
    const connected = kind.connecting(proxy)
    endings.push(() => connected.close())
    const decision = await limiterOn(connected.client).take('ada')
    expect(decision.source).toBe('store')
  })
}

/** A client as people make it, without any options. */
async function defaultClient(): Promise<Redis> {
  const client = new Redis(proxy.port).on('error', () => undefined)
  endings.push(() => client.disconnect())
  await ready({ client } as never)
  return client
}

it('ioredis as it comes: what timed out within 10 s offline is not charged when it connects again', async () => {
  await start()
  const client = await defaultClient()
  const limiter = limiterOn(client)
  await limiter.take('ada')
  proxy.refuse()
  proxy.reset()
  await vi.waitUntil(() => client.status !== 'ready')
  const end = performance.now() + 10_000
  while (performance.now() < end) {
    expect(sources(await timed([() => limiter.take('ada')]))).toEqual(['fallback'])
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  proxy.pass()
  await ready({ client } as never)
  expect(await recoveryOf(limiter)).toBeLessThan(RECOVERY_MS)
  expect((await limiter.peek('ada', { cost: 0 })).used).toBe(1)
})

it('ioredis as it comes sends unanswered commands again, which charges twice; we warn of it', async () => {
  await start()
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const client = await defaultClient()
  vi.resetModules()
  const fresh = await import('../../src/stores/redis/index.ts')
  fresh.redisStore(client)
  fresh.redisStore(client)
  expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
    expect.stringMatching(
      /^\[sluice\] ioredis sends unanswered commands again, which .*autoResendUnfulfilledCommands: false$/,
    ),
  ])
  warn.mockRestore()

  const limiter = limiterOn(client)
  await limiter.peek('eve')
  proxy.dropReplies()
  await limiter.take('eve')
  proxy.pass()
  proxy.reset()
  await ready({ client } as never)
  await recoveryOf(limiter)
  expect((await limiter.peek('eve', { cost: 0 })).used).toBe(2)
})
