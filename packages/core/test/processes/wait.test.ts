import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandCalls, growth } from '../../../../scripts/servers/stats.ts'
import { tokenBucket } from '../../src/algorithms/token-bucket.ts'
import { createLimiter } from '../../src/limiter.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'
import { type CrewOnRedis, crewOnRedis, type Job } from './crew.ts'

const PROCESSES = 3
const WAITERS = 20

let on: CrewOnRedis
beforeAll(async () => {
  on = await crewOnRedis(PROCESSES)
})
afterAll(() => on.stop())

const job = (): Omit<Job, 'prefix'> => ({
  store: { kind: 'redis', port: on.server.port },
  algorithm: ['tokenBucket', { capacity: 1, refill: 10, per: '1s' }],
  task: 'wait',
  calls: WAITERS,
  inFlight: WAITERS,
})

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] as number

it('waiters of several processes leave one after the other, in order, after two round trips at most', async () => {
  const before = await commandCalls(on.server)
  const results = await on.crew.run(job())
  const { evalsha = 0, eval: evaluated = 0 } = growth(before, await commandCalls(on.server))
  expect(evalsha + evaluated).toBeLessThanOrEqual(2 * PROCESSES * WAITERS)

  for (const { times } of results) {
    expect(times).toHaveLength(WAITERS)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  }
  const all = results.flatMap(({ times }) => times).toSorted((one, other) => one - other)
  const gaps = all.slice(1).map((time, index) => time - (all[index] as number))
  expect(Math.abs(median(gaps) - 100)).toBeLessThanOrEqual(20)
  // Nobody was let go too early: the first at once, each of the others 100 ms after it.
  const tookMs = (all.at(-1) as number) - (all[0] as number)
  expect(tookMs).toBeGreaterThan(100 * (PROCESSES * WAITERS - 1) - 150)
})

it('a waiter that gives up gives its turn back, and whoever comes next has it', async () => {
  const prefix = newPrefix()
  const { client, close } = await newestKinds[0]!.single(on.server)
  const algorithm = tokenBucket({ capacity: 1, refill: 10, per: '1s' })
  const limiter = createLimiter({ store: redisStore(client, { prefix, timeout: '5s' }), algorithm })
  const running = on.crew.run({ ...job(), prefix, abort: 10 })
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const { at, retryAfterMs } = await limiter.peek('key')
  const all = (await running).flatMap(({ times }) => times)
  expect(all.filter((time) => time === 0)).toHaveLength(PROCESSES)
  const left = all.filter((time) => time > 0)
  expect(left).toHaveLength(PROCESSES * (WAITERS - 1))

  // One turn each 100 ms since the first: the next is behind those who stayed, not behind those who came.
  const nextMs = at + retryAfterMs - Math.min(...left)
  expect(nextMs).toBeLessThanOrEqual(100 * PROCESSES * (WAITERS - 1) + 50)
  await limiter.close()
  await close()
})
