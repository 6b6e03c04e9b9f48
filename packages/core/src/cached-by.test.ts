import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CachedBy, cachedBy } from './cached-by.ts'
import type { CachedByOptions } from './cached-by-options.ts'
import { same } from './conformance/calls.ts'
import { hashSecret } from './http/partition-key.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { heapGrowth } from './testing/heap.ts'
import { thrown } from './testing/thrown.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** A table of plans that may be down, slow, or know another answer by now. */
function world(options: CachedByOptions = {}) {
  const clock = { now: 0 }
  const asked: (string | undefined)[] = []
  const table = {
    answer: (key: string | undefined): MaybePromise<string> => Promise.resolve(`plan of ${key}`),
  }
  const cached = cachedBy(
    (key: string | undefined) => key,
    (key) => {
      asked.push(key)
      return table.answer(key)
    },
    { clock: () => clock.now, ...options },
  )
  /** The answers to several requests at once. */
  const answers = async (...keys: (string | undefined)[]): Promise<string[]> =>
    Promise.all(keys.map(async (key) => cached(key)))
  return { clock, asked, table, cached, answers }
}

/** Does not come to an end by itself. */
function pending<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const down = async (): Promise<never> => Promise.reject(new Error('the table is down'))

const unhandled = vi.fn<(reason: unknown) => void>()
beforeEach(() => {
  vi.useFakeTimers()
  process.on('unhandledRejection', unhandled)
})
afterEach(async () => {
  same('timers that are left', vi.getTimerCount(), 0)
  vi.useRealTimers()
  // Rejections that nobody handles show in the next turn.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', unhandled)
  same('unhandled rejections', unhandled.mock.calls, [])
})

describe('an answer', () => {
  it('is looked up once for 100 requests of one key at once', async () => {
    const { answers, asked } = world()
    const got = await answers(...Array<string>(100).fill('ada'))
    expect(got).toEqual(Array(100).fill('plan of ada'))
    expect(asked).toEqual(['ada'])
  })

  it('is looked up for each key', async () => {
    const { answers, asked } = world()
    expect(await answers('ada', 'bob')).toEqual(['plan of ada', 'plan of bob'])
    expect(asked).toEqual(['ada', 'bob'])
  })

  it('that is known comes at once, and is known for ttl', async () => {
    const { cached, asked, clock } = world({ ttl: '10s' })
    await cached('ada')
    clock.now += 10 * SECOND - 1
    expect(cached('ada')).toBe('plan of ada')
    clock.now += 1
    expect(cached('ada')).toBeInstanceOf(Promise)
    expect(await cached('ada')).toBe('plan of ada')
    expect(asked).toEqual(['ada', 'ada'])
  })

  it('is known for a minute by default, from when it was got', async () => {
    const { cached, clock, table } = world()
    const slow = pending<string>()
    table.answer = () => slow.promise
    const first = cached('ada')
    clock.now += 4 * SECOND
    slow.resolve('paid')
    await first
    clock.now += MINUTE - 1
    expect(cached('ada')).toBe('paid')
    clock.now += 1
    expect(cached('ada')).toBeInstanceOf(Promise)
    await cached('ada')
  })

  it('that comes at once is given at once, and kept', () => {
    const { cached, asked, table } = world()
    table.answer = () => 'free'
    expect([cached('ada'), cached('ada')]).toEqual(['free', 'free'])
    expect(asked).toEqual(['ada'])
  })

  it('may be undefined', async () => {
    const lookUp = vi.fn<() => Promise<undefined>>(async () => Promise.resolve(undefined))
    const cached = cachedBy(() => 'ada', lookUp)
    await cached()
    expect(cached()).toBeUndefined()
    expect(lookUp).toHaveBeenCalledTimes(1)
  })
})

describe('a key', () => {
  it('goes to the look-up with what the request is', async () => {
    const keyOf = vi.fn<(request: { id: string }, other: number) => Promise<string>>(async ({ id }) =>
      Promise.resolve(id),
    )
    const lookUp = vi.fn<(key: string, request: { id: string }, other: number) => string>(() => 'free')
    const cached = cachedBy(keyOf, lookUp)
    const request = { id: 'ada' }
    expect(await cached(request, 7)).toBe('free')
    expect(lookUp.mock.calls).toEqual([['ada', request, 7]])
  })

  it('that is not there, or empty, has an entry of its own', async () => {
    const { cached, asked } = world()
    expect(await cached(undefined)).toBe('plan of undefined')
    expect(cached(undefined)).toBe('plan of undefined')
    expect(cached('')).toBe('plan of undefined')
    expect(await cached('undefined')).toBe('plan of undefined')
    expect(asked).toEqual([undefined, 'undefined'])
  })

  it.each([5, null, {}, ['ada']])('that is %j is refused', (key) => {
    const { cached, asked } = world()
    expect(thrown(() => cached(key as never))).toMatch(
      /^TypeError: the key that cachedBy is told must be text or undefined, got /,
    )
    expect(asked).toEqual([])
  })

  it('of more than 256 characters is kept as a hash, and nothing else poses as it', async () => {
    const { cached, answers, asked } = world()
    const long = 'a'.repeat(5000)
    const posing = await hashSecret(long)
    await answers(long, long, `${long}b`, long.slice(0, 256), posing)
    expect(asked).toEqual([long, `${long}b`, long.slice(0, 256), posing])
    expect(cached(long)).toBe(`plan of ${long}`)
    await cached.forget(long)
    expect(cached(`${long}b`)).toBe(`plan of ${long}b`)
    expect(cached(posing)).toBe(`plan of ${posing}`)
    await cached(long)
    expect(asked.length).toBe(5)
  })

  it('that is long does not fill memory', () => {
    const cached = cachedBy(
      (key: string) => key,
      () => 'free',
    )
    const grown = heapGrowth(() => {
      for (let key = 0; key < 1000; key++) cached(`${key}`.padEnd(100_000, 'a'))
    })
    expect(grown).toBeLessThan(10_000_000)
    expect(cached('ada')).toBe('free')
  })
})

it('at most maxKeys answers are kept: the one looked up longest ago goes first', async () => {
  const { cached, asked, clock } = world({ maxKeys: 2 })
  await cached('ada')
  await cached('bob')
  clock.now += MINUTE
  await cached('ada')
  await cached('cid')
  expect([cached('ada'), cached('cid')]).toEqual(['plan of ada', 'plan of cid'])
  await cached('bob')
  expect(asked).toEqual(['ada', 'bob', 'ada', 'cid', 'bob'])
})

describe('while the look-up fails', () => {
  /** Has an answer that is to be looked up anew. */
  async function expired(options: CachedByOptions = {}): Promise<ReturnType<typeof world>> {
    const all = world(options)
    await all.cached('ada')
    all.clock.now += MINUTE
    all.table.answer = down
    return all
  }

  it.each([
    ['rejects', down],
    [
      'throws',
      (): never => {
        throw new Error('the table is down')
      },
    ],
  ])('which %s, the last answer stands in, and is tried for again once a second', async (_how, failing) => {
    const { cached, answers, asked, clock, table } = await expired()
    table.answer = failing
    expect(await answers('ada', 'ada')).toEqual(['plan of ada', 'plan of ada'])
    const before = asked.length
    for (let ms = 0; ms < SECOND; ms++) {
      expect(cached('ada')).toBe('plan of ada')
      clock.now++
    }
    expect(asked.length).toBe(before)
    expect(cached('ada')).toBe('plan of ada')
    expect(asked.length).toBe(before + 1)
    await vi.advanceTimersByTimeAsync(0)
    expect(cached('ada')).toBe('plan of ada')
    expect(asked.length).toBe(before + 1)
  })

  it('the last answer stands in for maxStale after it was got, and no longer', async () => {
    const { cached, clock } = await expired({ maxStale: '10m' })
    await cached('ada')
    clock.now = 10 * MINUTE - 1
    expect(cached('ada')).toBe('plan of ada')
    await vi.advanceTimersByTimeAsync(0)
    clock.now += 1
    await expect(cached('ada')).rejects.toThrow('the table is down')
  })

  it('by default for an hour', async () => {
    const { cached, clock } = await expired()
    clock.now = 60 * MINUTE - 1
    expect(await cached('ada')).toBe('plan of ada')
    clock.now += 1
    await expect(cached('ada')).rejects.toThrow('the table is down')
  })

  it('nothing stands in where maxStale is 0', async () => {
    const { cached } = await expired({ maxStale: 0 })
    await expect(cached('ada')).rejects.toThrow('the table is down')
  })

  it('nobody waits for what is tried in the background, and its answer counts', async () => {
    const { cached, asked, clock, table } = await expired()
    await cached('ada')
    clock.now += SECOND
    const slow = pending<string>()
    table.answer = () => slow.promise
    for (let request = 0; request < 3; request++) expect(cached('ada')).toBe('plan of ada')
    expect(asked.length).toBe(3)
    slow.resolve('paid')
    await vi.advanceTimersByTimeAsync(0)
    expect(cached('ada')).toBe('paid')
    clock.now += MINUTE
    const fresh = cached('ada')
    expect(fresh).toBeInstanceOf(Promise)
    await fresh
  })

  it('nobody is told of what fails in the background when nothing stands in any more', async () => {
    const { cached, clock, table } = await expired({ maxStale: '2m' })
    await cached('ada')
    clock.now += SECOND
    const slow = pending<string>()
    table.answer = () => slow.promise
    expect(cached('ada')).toBe('plan of ada')
    clock.now += 2 * MINUTE
    slow.reject(new Error('down'))
    await vi.advanceTimersByTimeAsync(0)
    table.answer = () => 'paid'
    expect(cached('ada')).toBe('paid')
  })

  it('which then answers at once, that answer is given', async () => {
    const { cached, clock, table } = await expired()
    await cached('ada')
    clock.now += SECOND
    table.answer = () => 'paid'
    expect(cached('ada')).toBe('paid')
  })

  it('all who wait are told where there is no answer, and the next one asks anew', async () => {
    const { cached, asked, table } = world()
    table.answer = down
    const all = await Promise.allSettled(Array.from({ length: 100 }, async () => cached('ada')))
    expect(all.every(({ status }) => status === 'rejected')).toBe(true)
    expect(asked.length).toBe(1)
    table.answer = () => 'free'
    expect(cached('ada')).toBe('free')
  })

  it('keys that nobody has do not push out answers', async () => {
    const { cached, clock } = await expired({ maxKeys: 2 })
    for (let key = 0; key < 10; key++) await expect(cached(`made up ${key}`)).rejects.toThrow('down')
    expect(await cached('ada')).toBe('plan of ada')
    clock.now += 1
    expect(cached('ada')).toBe('plan of ada')
  })
})

describe('a look-up that does not answer', () => {
  it('has failed after timeout, and what comes later is dropped', async () => {
    const { cached, table } = world({ timeout: '50ms' })
    const slow = pending<string>()
    table.answer = () => slow.promise
    const first = Promise.resolve(cached('ada'))
    const told = vi.fn<(error: unknown) => void>()
    first.catch(told)
    await vi.advanceTimersByTimeAsync(51)
    expect(told).toHaveBeenCalledWith(new Error('the look-up of cachedBy did not answer within 50 ms'))
    slow.resolve('late')
    await vi.advanceTimersByTimeAsync(0)
    table.answer = () => 'free'
    expect(cached('ada')).toBe('free')
  })

  it('fails after 5 seconds by default, and not sooner', async () => {
    const { cached, table } = world()
    table.answer = () => pending<string>().promise
    const outcome = vi.fn<(error: Error) => void>()
    Promise.resolve(cached('ada')).catch(outcome)
    await vi.advanceTimersByTimeAsync(4999)
    expect(outcome).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(2)
    expect(outcome).toHaveBeenCalledOnce()
  })

  it('has the last answer stand in', async () => {
    const { cached, clock, table } = world({ timeout: '50ms' })
    await cached('ada')
    clock.now += MINUTE
    table.answer = () => pending<string>().promise
    const second = cached('ada')
    await vi.advanceTimersByTimeAsync(51)
    expect(await second).toBe('plan of ada')
    clock.now += SECOND
    expect(cached('ada')).toBe('plan of ada')
    await vi.advanceTimersByTimeAsync(51)
  })
})

describe('what is forgotten', () => {
  const forgetting: [string, (cached: CachedBy<[string | undefined], string | undefined, string>) => void][] =
    [
      ['by key', (cached) => void cached.forget('ada')],
      ['with all others', (cached) => cached.clear()],
    ]

  it.each(forgetting)('%s is looked up anew', async (_how, forget) => {
    const { cached, table } = world()
    await cached('ada')
    table.answer = () => 'paid'
    expect(cached('ada')).toBe('plan of ada')
    forget(cached)
    expect(cached('ada')).toBe('paid')
  })

  it.each(forgetting)('%s is not kept when it comes later, nor given to others', async (_how, forget) => {
    const { cached, asked, table } = world()
    const [before, now] = [pending<string>(), pending<string>()]
    table.answer = () => before.promise
    const first = cached('ada')
    forget(cached)
    table.answer = () => now.promise
    const second = cached('ada')
    before.resolve('free')
    expect(await first).toBe('free')
    const third = cached('ada')
    expect(asked.length).toBe(2)
    now.resolve('paid')
    expect([await second, await third]).toEqual(['paid', 'paid'])
    expect(cached('ada')).toBe('paid')
  })

  it('does not stand in for what was under way and fails', async () => {
    const { cached, clock, table } = world()
    await cached('ada')
    clock.now += MINUTE
    const slow = pending<string>()
    table.answer = () => slow.promise
    const first = cached('ada')
    void cached.forget('ada')
    slow.reject(new Error('down'))
    await expect(first).rejects.toThrow('down')
  })

  it('does not have the answer after it stand in, either', async () => {
    const { cached, table } = world()
    const slow = pending<string>()
    table.answer = () => slow.promise
    const first = cached('ada')
    void cached.forget('ada')
    table.answer = () => 'paid'
    expect(cached('ada')).toBe('paid')
    slow.reject(new Error('down'))
    await expect(first).rejects.toThrow('down')
  })

  it('leaves other keys alone', async () => {
    const { cached, answers } = world()
    await answers('ada', 'bob')
    void cached.forget('bob')
    expect(cached('ada')).toBe('plan of ada')
  })
})

describe('misuse', () => {
  const key = (): string => 'ada'
  it.each([
    [() => cachedBy('ada' as never, key), "the key that cachedBy takes must be a function, got 'ada'"],
    [() => cachedBy(key, {} as never), 'the look-up that cachedBy takes must be a function, got an object'],
    [() => cachedBy(key, key, { ttl: 0 }), "ttl must be from 1 ms to 10 years, such as 60000 or '1m', got 0"],
    [() => cachedBy(key, key, { maxKeys: 0 }), 'maxKeys must be a whole number from 1 to'],
    [() => cachedBy(key, key, { maxStale: -1 }), 'maxStale must be from 0 ms to 10 years'],
    [() => cachedBy(key, key, { timeout: 0 }), 'timeout must be from 1 ms to 10 years'],
    [() => cachedBy(key, key, { clock: 5 as never }), 'clock must be a function, got 5'],
    [() => cachedBy(key, key, { max: 5 } as never), "cachedBy has no option 'max'"],
  ])('%# throws where it is made', (make, told) => {
    expect(thrown(make)).toContain(told)
  })
})
