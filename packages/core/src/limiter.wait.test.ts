import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter-types.ts'
import { thrown } from './testing/thrown.ts'
import { type FakeTime, fakeTime, storeKinds } from './testing/waits.ts'

/** One unit each 100 ms. */
const bucket = tokenBucket({ capacity: 1, refill: 10, per: '1s' })
const two = fixedWindow({ limit: 2, window: '1s' })

let time: FakeTime
beforeEach(() => {
  time = fakeTime()
})
afterEach(() => time.end())

describe.each(storeKinds)('waiting on %s', (_kind, of) => {
  it('is a take where there is room, promised', async () => {
    const [limiter, other] = [1, 2].map(() => createLimiter({ algorithm: two, store: of(time.store()) }))
    const wait = limiter?.wait('ada', { cost: 2 })
    expect(wait).toBeInstanceOf(Promise)
    expect(await wait).toEqual(await other?.take('ada', { cost: 2 }))
  })

  it('lets twenty leave a bucket evenly spaced, in order, each with one call of the store', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: bucket, store: of(store) })
    for (let name = 0; name < 20; name++) time.watch(name, limiter.wait('ada'))
    await time.pass(5000)
    expect(time.passed()).toEqual(Array.from({ length: 20 }, (_, name) => [name, 100 * name]))
    expect(store.calls).toEqual(Array(20).fill('take 1'))
  })

  it('spaces by cost, and each key on its own', async () => {
    const limiter = createLimiter({
      algorithm: tokenBucket({ capacity: 5, refill: 10, per: '1s' }),
      store: of(time.store()),
    })
    for (const cost of [5, 3, 1, 2]) time.watch(cost, limiter.wait('ada', { cost }))
    time.watch('bob', limiter.wait('bob', { cost: 5 }))
    await time.pass(5000)
    expect(time.passed()).toEqual([
      [5, 0],
      ['bob', 0],
      [3, 300],
      [1, 400],
      [2, 600],
    ])
  })

  it('waits for exactly maxWait, and denies at once what would take a millisecond longer', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    await limiter.take('ada')
    time.watch('too short', limiter.wait('ada', { maxWait: 99 }))
    await time.pass(0)
    expect(time.ended).toMatchObject([{ name: 'too short', at: 0 }])
    expect(time.ended[0]?.decision).toEqual(await limiter.take('ada'))
    time.watch('just so', limiter.wait('ada', { maxWait: '100ms' }))
    time.watch('too short again', limiter.wait('ada', { maxWait: 199 }))
    time.watch('just so too', limiter.wait('ada', { maxWait: 200 }))
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['just so', 100],
      ['just so too', 200],
    ])
  })

  it('tells of an allowed turn as of a take: when it was charged, and nothing to wait for', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    const { at } = await limiter.take('ada')
    time.watch('turn', limiter.wait('ada'))
    await time.pass(100)
    expect(time.ended).toMatchObject([
      { at: 100, decision: { allowed: true, retryAfterMs: 0, remaining: 0, resetMs: 100, at } },
    ])
    expect(time.ended[0]?.decision?.policies).toMatchObject([{ allowed: true, retryAfterMs: 0 }])
  })

  it('denies at once what can never fit, and what is not to wait', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    time.watch('never', limiter.wait('ada', { cost: 2 }))
    time.watch('fits', limiter.wait('ada', { maxWait: 0 }))
    time.watch('fits not', limiter.wait('ada', { maxWait: 0 }))
    time.watch('nothing', limiter.wait('ada', { cost: 0, maxWait: 0 }))
    await time.pass(0)
    const told = time.ended.map(({ name, decision }) => [name, decision?.allowed, decision?.retryAfterMs])
    expect(told).toEqual([
      ['never', false, Infinity],
      ['fits', true, 0],
      ['fits not', false, 100],
      ['nothing', true, 0],
    ])
  })

  it('sleeps until a window has room, then asks again: two calls of the store', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: two, store: of(store) })
    await limiter.take('ada', { cost: 2 })
    await time.pass(400)
    time.watch('turn', limiter.wait('ada', { maxWait: 600 }))
    await time.pass(599)
    expect([time.ended, store.calls.length]).toEqual([[], 2])
    await time.pass(1)
    expect(time.ended).toMatchObject([{ at: 1000, decision: { allowed: true, used: 1 } }])
    expect(store.calls.length).toBe(3)
    time.watch('too late', limiter.wait('ada', { cost: 2, maxWait: 999 }))
    await time.pass(0)
    expect(time.ended[1]).toMatchObject({ at: 1000, decision: { allowed: false, retryAfterMs: 1000 } })
  })

  it('asks again as often as others are faster, until its time is up', async () => {
    const limiter = createLimiter({ algorithm: two, store: of(time.store()) })
    await limiter.take('ada', { cost: 2 })
    const faster = setInterval(() => void limiter.take('ada', { cost: 2 }), 1000)
    time.watch('turn', limiter.wait('ada', { maxWait: 2500 }))
    await time.pass(0)
    await time.pass(1999)
    expect(time.ended).toEqual([])
    await time.pass(1)
    expect(time.ended).toMatchObject([{ at: 2000, decision: { allowed: false, retryAfterMs: 1000 } }])
    clearInterval(faster)
  })
})

describe('several policies', () => {
  const policies = [
    { name: 'bucket', algorithm: bucket },
    { name: 'window', algorithm: two },
    { name: 'trial', mode: 'shadow', algorithm: fixedWindow({ limit: 1, window: '1h' }) },
  ] as const

  it('are charged together, and waited for together', async () => {
    const store = time.store()
    const limiter = createLimiter({ policies, store })
    for (const name of [1, 2, 3, 4]) time.watch(name, limiter.wait('ada'))
    await time.pass(3000)
    // The third has to wait for the window; the bucket is free by then.
    expect(time.passed()).toEqual([
      [1, 0],
      [2, 100],
      [3, 1000],
      [4, 1100],
    ])
    expect(time.ended.map(({ decision }) => decision?.policies.map(({ allowed }) => allowed))).toEqual([
      [true, true, true],
      [true, true, false],
      [true, true, false],
      [true, true, false],
    ])
    expect(store.calls.length).toBe(5)
  })

  it('deny as one where one of them cannot be in time, and charge nothing', async () => {
    const limiter = createLimiter({ policies, store: time.store() })
    limiter.take('ada', { cost: { window: 2 } })
    time.watch('late', limiter.wait('ada', { maxWait: 999 }))
    await time.pass(0)
    expect(time.ended[0]?.decision).toEqual(limiter.take('ada'))
    await time.pass(100)
    expect(limiter.peek({ bucket: 'ada' }).allowed).toBe(true)
  })

  it('have keys and costs of their own', async () => {
    const limiter = createLimiter({ policies, store: time.store() })
    const wait = (ip: string, user: string): Promise<unknown> =>
      limiter.wait({ bucket: ip, window: user }, { cost: { window: 0 } })
    time.watch('a', wait('ip1', 'ada') as never)
    time.watch('b', wait('ip2', 'ada') as never)
    time.watch('c', wait('ip1', 'bob') as never)
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 100],
    ])
  })
})

describe('slots', () => {
  it('are waited for until they expire, and then held', async () => {
    const limiter = createLimiter({ algorithm: concurrency({ limit: 1, ttl: '30s' }), store: time.store() })
    limiter.take('ada')
    time.watch('turn', limiter.wait('ada'))
    await time.pass(30_000)
    expect(time.passed()).toEqual([['turn', 30_000]])
    const { release } = limiter.hold(time.ended[0]?.decision as never)
    await time.pass(60_000)
    expect(limiter.peek('ada').allowed).toBe(false)
    release()
    expect(limiter.peek('ada').allowed).toBe(true)
  })

  it('are not taken before the turn has come, lest they expire meanwhile', async () => {
    const policies = [
      { name: 'slots', algorithm: concurrency({ limit: 1, ttl: '50ms' }) },
      { name: 'bucket', algorithm: bucket },
    ] as const
    const limiter = createLimiter({ policies, store: time.store() })
    limiter.take({ bucket: 'ada' })
    time.watch('turn', limiter.wait('ada'))
    expect(limiter.peek({ slots: 'ada' }).allowed).toBe(true)
    await time.pass(100)
    expect(time.ended).toMatchObject([{ at: 100, decision: { allowed: true } }])
    expect(limiter.peek({ slots: 'ada' }).retryAfterMs).toBe(50)
  })
})

describe('timers', () => {
  it('reach beyond what one timer can', async () => {
    const limiter = createLimiter({
      algorithm: fixedWindow({ limit: 1, window: '60d' }),
      store: time.store(),
    })
    limiter.take('ada')
    time.watch('turn', limiter.wait('ada'))
    await time.pass(60 * 86_400_000 - 1)
    expect(time.ended).toEqual([])
    await time.pass(1)
    expect(time.passed()).toEqual([['turn', 60 * 86_400_000]])
  })

  it('that fire early are waited on', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: time.store() })
    limiter.take('ada')
    const early = vi.spyOn(performance, 'now')
    early.mockReturnValue(0)
    time.watch('turn', limiter.wait('ada'))
    early.mockReturnValue(99.3)
    await time.pass(100)
    expect(time.ended).toEqual([])
    early.mockRestore()
    await time.pass(1)
    expect(time.passed()).toEqual([['turn', 101]])
  })
})

it('asks once more where a timer fires late', async () => {
  const policies = [
    { name: 'bucket', algorithm: bucket },
    { name: 'window', algorithm: two },
  ] as const
  const limiter = createLimiter({ policies, store: time.store() })
  limiter.take({ window: 'ada' }, { cost: 2 })
  time.watch('turn', limiter.wait('ada', { maxWait: 1000 }))
  await time.pass(999)
  const late = vi.spyOn(performance, 'now').mockReturnValue(1007.6)
  await time.pass(1)
  late.mockRestore()
  expect(time.passed()).toEqual([['turn', 1000]])
})

describe('misuse of wait', () => {
  const wait = (options: object, target = 'ada'): string | undefined => {
    const limiter: Limiter = createLimiter({ algorithm: bucket, store: time.store() })
    return thrown(() => limiter.wait(target, options))
  }

  it.each<[object, RegExp]>([
    [{ maxWait: -1 }, /^RangeError: maxWait must be from 0 ms to 10 years, such as 60000 or '1m', got -1$/],
    [{ maxWait: Infinity }, /^RangeError: maxWait must be from 0 ms/],
    [{ maxWait: 'soon' }, /^RangeError: maxWait must be from 0 ms/],
    [{ maxWait: null }, /^TypeError: maxWait must be from 0 ms/],
    [{ maxQueue: 0 }, /^RangeError: maxQueue must be a whole number from 1 to \d+, got 0$/],
    [{ signal: 1 }, /^TypeError: signal must be an AbortSignal, got 1$/],
    [{ signal: null }, /^TypeError: signal must be an AbortSignal, got null$/],
    [{ cost: -1 }, /^RangeError: cost must be/],
    [{ maxwait: 1 }, /^TypeError: a call has no option 'maxwait': did you mean `maxWait`\?$/],
  ])('%o throws at once', (options, message) => {
    expect(wait(options)).toMatch(message)
  })

  it('throws for what is no key, and on a closed limiter', async () => {
    expect(wait({}, '')).toMatch(/^TypeError: the key of 'default' must be non-empty text/)
    const limiter = createLimiter({ algorithm: bucket, store: time.store() })
    await limiter.close()
    expect(thrown(() => limiter.wait('ada'))).toBe('Error: the limiter is closed')
  })
})
