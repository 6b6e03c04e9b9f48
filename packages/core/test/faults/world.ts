import type { EventEmitter } from 'node:events'
import { expect } from 'vitest'
import { type Proxy, startProxy } from '../../../../scripts/servers/proxy.ts'
import { type RedisServer, startRedis } from '../../../../scripts/servers/redis.ts'
import type { Decision } from '../../src/algorithm.ts'
import { slidingLog } from '../../src/algorithms/sliding-log.ts'
import type { Duration } from '../../src/check.ts'
import { createLimiter } from '../../src/limiter.ts'
import type { Limiter } from '../../src/limiter-types.ts'
import type { OnStoreError } from '../../src/store.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import type { ClientKind, Connected } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { watchTimers } from '../timers.ts'

/** How long a call may take, in milliseconds, and what a busy machine may add beside its event loop's delay. */
export const TIMEOUT_MS = 250
const SLACK_MS = 50

/** How soon everything works again once the client says that it is ready, in milliseconds. */
export const RECOVERY_MS = 1000

export interface FaultWorld {
  readonly server: RedisServer
  readonly proxy: Proxy
  readonly connected: Connected
  readonly limiter: Limiter<'async', 'default'>
  /** `failing` and `recovered`, as they were told. */
  readonly events: string[]
  /** Makes that many takes at once, and checks that none took too long, unless the world has a timeout of its own. */
  takes(count: number): Promise<Decision[]>
  /** What the server counts, asked past the proxy. */
  charged(): Promise<number>
  /** Waits until the store answers again, and gives how long that took, in milliseconds. */
  recovery(): Promise<number>
  close(): Promise<void>
}

interface Options {
  readonly onStoreError?: OnStoreError
  readonly limit?: number
  readonly args?: readonly string[]
  /** Where nothing fails, a busy machine is no failure, either. */
  readonly timeout?: Duration
  /** Default: without. */
  readonly denyCache?: boolean
}

/** A limiter on a Redis of its own, behind a proxy that can spoil everything. */
export async function faultWorld(kind: ClientKind, options: Options = {}): Promise<FaultWorld> {
  const { onStoreError, limit = 1000, args = [], timeout, denyCache = false } = options
  const server = await startRedis({ args })
  const proxy = await startProxy({ to: server.port })
  const connected = await kind.single(proxy)
  const direct = await kind.single(server)
  const listeners = listenersOf(connected)
  const timers = watchTimers()
  const prefix = newPrefix()
  const algorithm = slidingLog({ limit, window: '1h' })
  const events: string[] = []
  const limiter = createLimiter({
    store: redisStore(connected.client, {
      prefix,
      timeout: timeout ?? TIMEOUT_MS,
      denyCache: denyCache && {},
    }),
    algorithm,
    ...(onStoreError && { onStoreError }),
    on: {
      storeFailing: () => void events.push('failing'),
      storeRecovered: () => void events.push('recovered'),
    },
  })
  const auditor = createLimiter({
    store: redisStore(direct.client, { prefix, timeout: '5s', denyCache: false }),
    algorithm,
    onStoreError: 'deny',
  })
  // The first calls load the script, at both.
  await limiter.peek('ada', { cost: 0 })
  await auditor.peek('ada', { cost: 0 })

  return {
    server,
    proxy,
    connected,
    limiter,
    events,
    takes(count) {
      const calls = Array.from({ length: count }, () => () => limiter.take('ada'))
      return timeout === undefined ? timed(calls) : Promise.all(calls.map((call) => call()))
    },
    charged: async () => (await auditor.peek('ada', { cost: 0 })).used,
    recovery: () => recoveryOf(limiter),
    async close() {
      await limiter.close()
      await auditor.close()
      timers.stop()
      expect(timers.live()).toEqual([])
      expect(listenersOf(connected)).toEqual(listeners)
      await connected.close()
      await direct.close()
      await proxy.stop()
      await server.stop()
    },
  }
}

/** Makes calls at once, and checks that each ends in time. */
export async function timed<T>(calls: readonly (() => Promise<T>)[]): Promise<T[]> {
  let lag = 0
  let last = performance.now()
  const watch = setInterval(() => {
    const now = performance.now()
    lag = Math.max(lag, now - last - 1)
    last = now
  }, 1)
  const results = await Promise.all(
    calls.map(async (call) => {
      const start = performance.now()
      const result = await call()
      return { result, tookMs: performance.now() - start }
    }),
  )
  clearInterval(watch)
  for (const { tookMs } of results) expect(tookMs).toBeLessThanOrEqual(TIMEOUT_MS + SLACK_MS + lag)
  return results.map(({ result }) => result)
}

export async function recoveryOf(limiter: Limiter<'async', 'default'>): Promise<number> {
  const start = performance.now()
  for (;;) {
    const { source } = await limiter.peek('somebody', { cost: 0 })
    const tookMs = performance.now() - start
    if (source === 'store') return tookMs
    if (tookMs > 15_000) throw new Error('the store did not come back within 15 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** How many listeners a client has for each event. */
function listenersOf({ client }: Connected): object {
  const emitter = client as unknown as EventEmitter
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]))
}

/** Waits until a client says that it is connected. */
export async function ready({ client }: Connected): Promise<void> {
  const { status, isReady } = client as { status?: string; isReady?: boolean }
  if (status === 'ready' || isReady === true) return
  await new Promise((resolve) => setTimeout(resolve, 1))
  return ready({ client } as Connected)
}

export const sources = (decisions: readonly Decision[]): readonly string[] => [
  ...new Set(decisions.map(({ source }) => source)),
]
export const allowed = (decisions: readonly Decision[]): number =>
  decisions.filter((decision) => decision.allowed).length
