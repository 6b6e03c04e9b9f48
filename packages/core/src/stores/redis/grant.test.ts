import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../../../scripts/servers/redis.ts'
import { commandCalls, growth } from '../../../../../scripts/servers/stats.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { prepaid } from '../../algorithms/prepaid.ts'
import { createLimiter } from '../../limiter.ts'
import type { Limiter } from '../../limiter-types.ts'
import { clientKinds, type Connected } from '../../testing/redis-clients.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { type RedisPort, redisStore, type RedisStoreOptions } from './index.ts'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

type Bank = Limiter<'async', 'credits' | 'burst'>

function bankOn(client: Connected['client'], prefix: string, options?: RedisStoreOptions): Bank {
  return createLimiter({
    store: redisStore(client, { prefix, timeout: '5s', denyCache: false, ...options }),
    policies: [
      { name: 'credits', algorithm: prepaid() },
      { name: 'burst', algorithm: fixedWindow({ limit: 8, window: '1m' }) },
    ],
  })
}

for (const kind of clientKinds) {
  describe(`balances in Redis by ${kind.name}`, () => {
    let connected: Connected
    beforeAll(async () => {
      connected = await kind.single(server)
    })
    afterAll(() => connected.close())

    it('have no time to live, nor have the ids of their grants; all other keys have one', async () => {
      const prefix = newPrefix()
      const bank = bankOn(connected.client, prefix)
      const ttls = async (): Promise<Record<string, unknown>> => {
        const keys = ((await server.ask('KEYS', `${prefix}:*`)) as string[]).toSorted()
        const lives = await Promise.all(keys.map((key) => server.ask('PTTL', key)))
        return Object.fromEntries(keys.map((key, index) => [key.slice(prefix.length), lives[index]]))
      }
      await bank.take('ada')
      expect(await ttls()).toEqual({})
      await bank.grant({ credits: 'ada' }, 5, { id: 'a' })
      const granted = { ':{ada}:credits:prepaid': -1, ':{ada}:credits:prepaid:grants': -1 }
      expect(await ttls()).toEqual(granted)
      const decision = await bank.take('ada', { cost: 2 })
      const all = { ...granted, ':{ada}:burst:fixedWindow': expect.any(Number) as number }
      expect(await ttls()).toEqual(all)
      expect((await ttls())[':{ada}:burst:fixedWindow']).toBeGreaterThan(50_000)
      await bank.refund(decision, { cost: 1 })
      await bank.take('ada', { cost: 4 })
      await bank.take('ada', { cost: 4 })
      expect(await ttls()).toEqual(all)
      const { settle } = await bank.reserve({ credits: 'eve' }, { cost: 1 })
      await settle(5)
      await bank.reset('ada')
      expect(await ttls()).toEqual({})
    })

    it('are in one round trip, as decisions are', async () => {
      const bank = bankOn(connected.client, newPrefix())
      await bank.grant({ credits: 'ada' }, 5, { id: 'a' })
      await bank.take('ada')
      const before = await commandCalls(server)
      for (let turn = 0; turn < 5; turn++) await bank.grant({ credits: 'ada' }, 5, { id: `${turn}` })
      for (let turn = 0; turn < 5; turn++) await bank.take('ada')
      const { evalsha, eval: evaluated } = growth(before, await commandCalls(server))
      expect([evalsha, evaluated]).toEqual([10, undefined])
    })

    it('are granted when the server forgot its scripts, once', async () => {
      const bank = bankOn(connected.client, newPrefix())
      for (let turn = 0; turn < 3; turn++) {
        await server.ask('SCRIPT', 'FLUSH')
        const grants = await Promise.all(
          [1, 2, 3, 4].map(() => bank.grant({ credits: 'ada' }, 5, { id: `${turn}` })),
        )
        expect(grants.filter(({ granted }) => granted).length).toBe(1)
      }
      expect((await bank.peek({ credits: 'ada' })).remaining).toBe(15)
    })
  })
}

describe('a grant in Redis', () => {
  let connected: Connected
  beforeAll(async () => {
    connected = await clientKinds[0]!.single(server)
  })
  afterAll(() => connected.close())

  it('rejects where there is no answer, and is made once by who grants again', async () => {
    const bank = bankOn(connected.client, newPrefix(), { timeout: '300ms' })
    await bank.grant({ credits: 'ada' }, 5, { id: 'a' })
    await server.ask('CLIENT', 'PAUSE', 1000, 'ALL')
    // Sent, but not answered in time: done all the same, later.
    const [granted, taken] = await Promise.allSettled([
      bank.grant({ credits: 'ada' }, 7, { id: 'b' }),
      bank.take({ credits: 'ada' }),
    ])
    expect(granted).toMatchObject({ status: 'rejected', reason: { name: 'StoreError', code: 'timeout' } })
    expect(taken).toMatchObject({ value: { allowed: false, source: 'failure-policy', policies: [] } })
    await expect
      .poll(() => bank.grant({ credits: 'ada' }, 7, { id: 'b' }).catch(String), { timeout: 10_000 })
      .toMatchObject({ granted: false })
    // And so was the take, which was refused: nothing is tried twice, nor given back.
    expect(await bank.grant({ credits: 'ada' }, 7, { id: 'b' })).toMatchObject({ remaining: 11 })
  })

  it('takes nothing where somebody else has its key', async () => {
    const prefix = newPrefix()
    const bank = bankOn(connected.client, prefix)
    await server.ask('SET', `${prefix}:{ada}:credits:prepaid:grants`, 'mine')
    await expect(bank.grant({ credits: 'ada' }, 5, { id: 'a' })).rejects.toThrow('WRONGTYPE')
    expect((await bank.peek({ credits: 'ada' })).limit).toBe(0)
  })

  it('is refused where the client gives something else than a list of whole numbers', async () => {
    const port: RedisPort = { evalsha: async () => 'OK', eval: async () => ['one', 2, 3] }
    const limiter = createLimiter({ store: redisStore(port), algorithm: prepaid() })
    const message = 'gave no list of whole numbers'
    await expect(limiter.grant('ada', 1, { id: 'a' })).rejects.toThrow(message)
    await expect(limiter.grant('ada', 1, { id: 'a' })).rejects.toThrow(message)
  })
})
