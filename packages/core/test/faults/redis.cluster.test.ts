import { afterEach, describe, expect, it } from 'vitest'
import { type Cluster, startCluster } from '../../../../scripts/servers/cluster.ts'
import type { Decision } from '../../src/algorithm.ts'
import { slidingLog } from '../../src/algorithms/sliding-log.ts'
import { createLimiter } from '../../src/limiter.ts'
import type { Limiter } from '../../src/limiter-types.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import { slotOf, stateKey } from '../../src/stores/redis/keys.ts'
import { type Connected, newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { RECOVERY_MS, timed, TIMEOUT_MS } from './world.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** Keys of the first master and of another one. */
const keysOf = (prefix: string): { sick: string[]; well: string[] } => {
  const third = 16_384 / 3
  const keys = Array.from({ length: 60 }, (_, key) => `key ${key}`)
  const isFirst = (key: string): boolean => slotOf(stateKey(prefix, key, 'default', 'slidingLog')) < third
  return { sick: keys.filter(isFirst), well: keys.filter((key) => !isFirst(key)) }
}

for (const kind of newestKinds) {
  describe(`${kind.name}: one master of a Cluster`, () => {
    let cluster: Cluster
    let connected: Connected
    let limiter: Limiter<'async', 'default'>
    const events: string[] = []
    let keys: ReturnType<typeof keysOf>

    async function setUp(): Promise<void> {
      cluster = await startCluster()
      endings.push(() => cluster.stop())
      connected = await kind.cluster(cluster.nodes)
      endings.push(() => connected.close())
      const prefix = newPrefix()
      keys = keysOf(prefix)
      events.length = 0
      limiter = createLimiter({
        store: redisStore(connected.client, { prefix, timeout: TIMEOUT_MS, denyCache: false }),
        algorithm: slidingLog({ limit: 1000, window: '1h' }),
        on: {
          storeFailing: () => void events.push('failing'),
          storeRecovered: () => void events.push('recovered'),
        },
      })
      endings.push(() => limiter.close())
      for (const key of [...keys.sick, ...keys.well]) await limiter.take(key)
    }

    /** Takes for keys of all masters, for a while. */
    async function traffic(ms: number): Promise<Decision[]> {
      const decisions: Decision[] = []
      const end = performance.now() + ms
      for (let round = 0; performance.now() < end; round++) {
        const some = [keys.sick, keys.well].map((of) => of[round % of.length] as string)
        decisions.push(...(await timed(some.map((key) => () => limiter.take(key)))))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return decisions
    }

    async function recovery(): Promise<number> {
      const start = performance.now()
      while (events.at(-1) !== 'recovered') await new Promise((resolve) => setTimeout(resolve, 5))
      return performance.now() - start
    }

    it('that hangs is reported once, and charges no more than was in flight', async () => {
      await setUp()
      const [master] = cluster.masters
      await master!.kill('SIGSTOP')
      const during = await traffic(2500)
      expect(events).toEqual(['failing'])
      expect(during.at(-1)?.source).toBe('fallback')
      await master!.kill('SIGCONT')
      expect(await recovery()).toBeLessThan(RECOVERY_MS + 1000)
      expect(events).toEqual(['failing', 'recovered'])

      const byFallback = during.filter(({ source }) => source === 'fallback').length
      const after = await Promise.all(keys.sick.map((key) => limiter.peek(key, { cost: 0 })))
      const charged = after.reduce((sum, { used }) => sum + used, 0)
      // One each at first; then those whose time had not run out until the breaker opened, and probes charge nothing.
      expect(charged - keys.sick.length).toBeLessThanOrEqual(10)
      expect(byFallback).toBeGreaterThan(20)
    })

    it('that is killed and started again is reported once', async () => {
      await setUp()
      const [master] = cluster.masters
      await master!.kill()
      await traffic(1500)
      expect(events).toEqual(['failing'])
      await master!.restart()
      await recovery()
      await traffic(500)
      expect(events).toEqual(['failing', 'recovered'])
    })
  })
}
