import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandCalls, growth } from '../../../../scripts/servers/stats.ts'
import { fixedWindow } from '../../src/algorithms/fixed-window.ts'
import { createLimiter } from '../../src/limiter.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { type CrewOnRedis, crewOnRedis, type Job, sum } from './crew.ts'

const SIZE = 100
const PROCESSES = 8
const LIMIT = 20_000

let on: CrewOnRedis
beforeAll(async () => {
  on = await crewOnRedis(PROCESSES)
})
afterAll(() => on.stop())

it('leases admit no more than their formula, and strand no more, where processes are killed', async () => {
  const prefix = newPrefix()
  const job: Omit<Job, 'calls'> = {
    store: { kind: 'redis', port: on.server.port },
    prefix,
    algorithm: ['fixedWindow', { limit: LIMIT, window: '1h' }],
    lease: { size: SIZE, maxHold: '1s' },
    task: 'take',
    inFlight: 16,
    stay: true,
  }
  const connected = await newestKinds[0]!.single(on.server)
  const auditor = createLimiter({
    store: redisStore(connected.client, { prefix, denyCache: false, timeout: '5s' }),
    algorithm: fixedWindow({ limit: LIMIT, window: '1h' }),
  })
  const charged = async (): Promise<number> => (await auditor.peek('key', { cost: 0 })).used

  const before = await commandCalls(on.server)
  const first = await on.crew.run({ ...job, calls: 1010 })
  const { evalsha = 0 } = growth(before, await commandCalls(on.server))
  const decided = PROCESSES * 1010
  expect(sum(first)).toBe(decided)
  expect(evalsha).toBeLessThanOrEqual(decided / 50)

  // Each holds what is left of its last block: charged, not spent, and not to be had by others.
  const stranded = (await charged()) - sum(first)
  expect(stranded).toBeGreaterThan(0)
  expect(stranded).toBeLessThanOrEqual(PROCESSES * SIZE)
  await Promise.all(on.crew.members.slice(0, 2).map((member) => member.kill()))
  await new Promise((resolve) => setTimeout(resolve, 2000))
  // After `maxHold` only what the dead held is missing.
  const lost = (await charged()) - sum(first)
  expect(lost).toBeGreaterThanOrEqual(0)
  expect(lost).toBeLessThanOrEqual(2 * SIZE)

  const living = on.crew.members.slice(2)
  await Promise.all(living.map((member) => member.prepare({ ...job, prefix, calls: 5000 })))
  const second = await Promise.all(living.map((member) => member.start()))
  const admitted = sum(first) + sum(second)
  expect(admitted).toBeLessThanOrEqual(LIMIT)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  expect(await charged()).toBe(admitted + lost)
  expect(admitted).toBe(LIMIT - lost)
  console.log(
    `leases: ${evalsha} calls for ${decided} decisions; ${stranded} stranded, ${lost} lost with two processes`,
  )
  await auditor.close()
  await connected.close()
})
