import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as library from 'rate-limiter-flexible'
import { describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { newestKinds } from '../testing/redis-clients.ts'
import { newPrefix } from '../testing/redis-stores.ts'
import { thrown } from '../testing/thrown.ts'
import { fromRateLimiterFlexible } from './rate-limiter-flexible.ts'

const { RateLimiterMemory, RLWrapperBlackAndWhite, RLWrapperTimeouts } = library
const five = { points: 5, duration: 60 }
const memory = (): library.RateLimiterMemory => new RateLimiterMemory(five)

describe('the classes of rate-limiter-flexible', () => {
  /** Those that count, and those that wrap one of these: all but those that say so below. */
  const cannot = {
    RateLimiterUnion: () => new library.RateLimiterUnion(memory()),
    RateLimiterQueue: () => new library.RateLimiterQueue(memory()),
    BurstyRateLimiter: () => new library.BurstyRateLimiter(memory(), memory()),
    RateLimiterClusterMaster: () => new library.RateLimiterClusterMaster(),
    RateLimiterClusterMasterPM2: () =>
      new library.RateLimiterClusterMasterPM2({ launchBus: () => undefined }),
    RateLimiterRes: () => new library.RateLimiterRes(),
  }
  const methods = ['consume', 'penalty', 'reward', 'get', 'delete']
  const classes = Object.entries(library).filter(
    ([name, value]) => typeof value === 'function' && !name.endsWith('Error'),
  )

  it('are as many as were looked at', () => {
    expect(classes.length).toBeGreaterThanOrEqual(26)
  })

  it.each(classes.filter(([name]) => !(name in cannot)))('%s has what a bridge calls', (_name, made) => {
    const { prototype } = made as unknown as { prototype: Record<string, unknown> }
    for (const method of methods) expect(prototype[method]).toBeTypeOf('function')
  })

  it.each(Object.entries(cannot))('%s is refused', (_name, make) => {
    expect(thrown(() => fromRateLimiterFlexible(make() as never))).toMatch(
      /^TypeError: limiter must be a limiter of rate-limiter-flexible that has consume, .*RateLimiterQueue is made of/,
    )
  })

  it('and nothing else is taken for one', () => {
    for (const value of [undefined, null, 5, 'redis', {}, () => undefined])
      expect(thrown(() => fromRateLimiterFlexible(value as never))).toMatch('TypeError: limiter must be')
  })
})

describe('lists', () => {
  const lists = { blackList: ['eve'], whiteList: ['root'], limiter: memory() }
  const limiter = fromRateLimiterFlexible(new RLWrapperBlackAndWhite(lists))

  it('let everything pass of who is on the white one', async () => {
    const full = { allowed: true, limit: 5, used: 0, remaining: 5, resetMs: 0 }
    expect(await limiter.take('root', { cost: 5 })).toMatchObject(full)
    expect(await limiter.take('root', { cost: 500 })).toMatchObject(full)
    expect(await limiter.peek('root', { cost: 500 })).toMatchObject(full)
    expect(await limiter.penalty('root', 500)).toMatchObject(full)
    await limiter.refund(await limiter.take('root'))
  })

  it('let nothing pass of who is on the black one, and tell no wait', async () => {
    const nothing = { allowed: false, remaining: 0, retryAfterMs: Infinity, resetMs: Infinity }
    expect(await limiter.take('eve')).toMatchObject(nothing)
    expect(await limiter.peek('eve')).toMatchObject(nothing)
  })

  it('count others as they are counted without', async () => {
    expect(await limiter.take('ada', { cost: 5 })).toMatchObject({ allowed: true, limit: 5, remaining: 0 })
    expect(await limiter.take('ada')).toMatchObject({ allowed: false })
  })

  it('with runActionAnyway are not known to peek', async () => {
    const anyway = fromRateLimiterFlexible(new RLWrapperBlackAndWhite({ ...lists, runActionAnyway: true }))
    expect(await anyway.peek('eve')).toMatchObject({ allowed: true })
    expect(await anyway.take('eve')).toMatchObject({ allowed: false })
  })
})

it('timeouts have the figures of what they wrap, also of lists', async () => {
  const listed = new RLWrapperBlackAndWhite({ limiter: memory() })
  const limiter = fromRateLimiterFlexible(new RLWrapperTimeouts({ limiter: listed, timeoutMs: 1000 }))
  expect(limiter.policies).toMatchObject([{ name: 'default', limit: 5, windowMs: 60_000 }])
  expect(await limiter.take('ada', { cost: 5 })).toMatchObject({ allowed: true, remaining: 0 })
  expect(await limiter.take('ada')).toMatchObject({ allowed: false })
})

it('a limiter of somebody else needs points and a duration', () => {
  const asked = (): Promise<never> => Promise.reject(new Error('asked'))
  const own = { consume: asked, penalty: asked, reward: asked, get: asked, delete: asked }
  expect(thrown(() => fromRateLimiterFlexible(own))).toMatch('TypeError: limiter.points must be')
  expect(thrown(() => fromRateLimiterFlexible({ ...own, points: 5 }))).toMatch(
    'TypeError: limiter.duration must be a number of seconds from 0 to 316224000, got undefined',
  )
  expect(fromRateLimiterFlexible({ ...own, points: 5, duration: 1.5 }).policies).toMatchObject([
    { limit: 5, windowMs: 1500 },
  ])
})

it('a block in memory in front of Redis is what the wait tells', async () => {
  const { client, close } = await newestKinds[0]!.single(await redisOfRun())
  const flexible = new library.RateLimiterRedis({
    ...five,
    storeClient: client,
    keyPrefix: newPrefix(),
    inMemoryBlockOnConsumed: 6,
    inMemoryBlockDuration: 600,
  })
  const limiter = fromRateLimiterFlexible(flexible, { timeout: '5s' })
  await limiter.take('ada', { cost: 5 })
  expect(await limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 600_000 })
  const again = await limiter.take('ada')
  expect(again).toMatchObject({ allowed: false, used: 5, remaining: 0, source: 'store' })
  expect(again.retryAfterMs).toBeGreaterThan(590_000)
  await close()
})

it('RateLimiterCluster counts the workers of a cluster together', () => {
  const app = fileURLToPath(new URL('../testing/flexible-workers.ts', import.meta.url))
  const flags = ['--import', 'tsx', '--conditions=@sluice/source']
  const said = execFileSync(process.execPath, [...flags, app], { encoding: 'utf8' })
  const allowed = said.trim().split('\n').map(Number)
  expect(allowed).toHaveLength(2)
  expect((allowed[0] ?? 0) + (allowed[1] ?? 0)).toBe(5)
})
