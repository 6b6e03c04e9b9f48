/** A process that makes many calls when it is told to, and tells what became of them. Run by `crew.ts`. */

import { Cluster, Redis } from 'ioredis'
import Memcached from 'memcached'
import type { Algorithm } from '../../src/algorithm.ts'
import * as core from '../../src/index.ts'
import { memcachedStore } from '../../src/stores/memcached/index.ts'
import { redisStore } from '../../src/stores/redis/index.ts'
import type { Job, Result } from './crew.ts'

const endings: (() => unknown)[] = []

async function storeOf({ store, prefix, lease }: Job): Promise<core.Store<'async'>> {
  const options = { prefix, timeout: '20s', denyCache: false, lease: lease ?? false } as const
  if (store.kind === 'memcached') {
    const client = new Memcached(store.address, { timeout: 20_000, poolSize: 4 })
    endings.push(() => client.end())
    return memcachedStore(client, { prefix, timeout: '20s' })
  }
  const client =
    store.kind === 'redis'
      ? new Redis(store.port, { autoResendUnfulfilledCommands: false })
      : new Cluster([...store.nodes], {
          retryDelayOnFailover: 0,
          redisOptions: { autoResendUnfulfilledCommands: false },
        })
  endings.push(() => client.disconnect())
  await new Promise<void>((resolve) => client.once('ready', resolve))
  return redisStore(client, options)
}

const { calendarWindow, concurrency, fixedWindow, slidingLog, slidingWindow, tokenBucket } = core
// It has no options.
const prepaid = (): Algorithm => core.prepaid()
const makers = { calendarWindow, concurrency, fixedWindow, prepaid, slidingLog, slidingWindow, tokenBucket }

const algorithmOf = ([name, options]: Job['algorithm']): Algorithm =>
  (makers[name] as (given: unknown) => Algorithm)(options)

/** Connects, so that all can start at the same time. */
async function prepare(job: Job): Promise<() => Promise<Result>> {
  const warned: number[] = []
  const limiter = core.createLimiter({
    store: await storeOf(job),
    algorithm: algorithmOf(job.algorithm),
    ...(job.warnAt && { warnAt: job.warnAt, on: { warned: ({ threshold }) => void warned.push(threshold) } }),
  })
  return async () => {
    const result = { ...(await tasks[job.task](limiter, job)), warned }
    // Nobody waits for warnings: they come after the decision.
    if (job.warnAt) await new Promise((resolve) => setTimeout(resolve, 300))
    if (job.stay) return result
    await limiter.close()
    for (const end of endings.splice(0)) end()
    return result
  }
}

type AnyLimiter = core.Limiter<'async', 'default'>

/** So many takes, so many of them in flight at any time. */
async function takes(limiter: AnyLimiter, { calls, inFlight }: Job): Promise<Result> {
  let left = calls
  const result: Result = { allowed: 0, sources: {}, times: [] }
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const { allowed, source } = await limiter.take('key')
        if (allowed) result.allowed++
        result.sources[source] = (result.sources[source] ?? 0) + 1
      }
    }),
  )
  return result
}

/** Takes and gives back, so that what is used comes to its thresholds over and over. */
async function hovers(limiter: AnyLimiter, { calls, inFlight }: Job): Promise<Result> {
  let left = calls
  const result: Result = { allowed: 0, sources: {}, times: [] }
  // A window of which all was given back is over, and the next one warns again.
  await limiter.take('key')
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const decision = await limiter.take('key')
        if (!decision.allowed) continue
        result.allowed++
        await limiter.refund(decision)
      }
    }),
  )
  return result
}

/** So many waiters at once; tells when each of them was let go, in the order in which they came. */
async function waits(limiter: AnyLimiter, { calls, abort }: Job): Promise<Result> {
  const times = await Promise.all(
    Array.from({ length: calls }, async (_, index) => {
      const signal = abort === index ? AbortSignal.timeout(300) : undefined
      try {
        const decision = await limiter.wait('key', { maxWait: '1m', ...(signal && { signal }) })
        return decision.allowed ? Date.now() : -1
      } catch {
        return 0
      }
    }),
  )
  return { allowed: times.filter((time) => time > 0).length, sources: {}, times }
}

/** Holds so many slots, for as long as the process lives. */
async function holds(limiter: AnyLimiter, { calls }: Job): Promise<Result> {
  const held = await Promise.all(Array.from({ length: calls }, () => limiter.acquire('key')))
  return { allowed: held.filter(({ decision }) => decision.allowed).length, sources: {}, times: [] }
}

/** Spends while it grants what all the others grant, too. */
async function grants(limiter: AnyLimiter, job: Job): Promise<Result> {
  const ids = Array.from({ length: job.grants ?? 0 }, (_, index) => `payment ${index}`)
  const [result, ...told] = await Promise.all([
    takes(limiter, job),
    ...ids.map((id) => limiter.grant('key', 10, { id })),
  ])
  return { ...result, granted: told.filter(({ granted }) => granted).length }
}

const tasks = { take: takes, wait: waits, hold: holds, grant: grants, hover: hovers }

let run: (() => Promise<Result>) | undefined

process.on('message', (job: Job | 'go') => {
  void (async () => {
    if (job !== 'go') run = await prepare(job)
    process.send?.(job === 'go' ? await run?.() : 'ready')
  })()
})
process.send?.('ready')
