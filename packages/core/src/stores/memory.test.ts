import { afterEach, describe, expect, it, vi } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { createLimiter } from '../limiter.ts'
import { thrown } from '../testing/thrown.ts'
import { memoryStore } from './memory.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const algorithm = fixedWindow({ limit: 3, window: '1m' })

afterEach(() => {
  vi.useRealTimers()
})

describe('the options of a memory store', () => {
  const error = (options: unknown): string | undefined => thrown(() => memoryStore(options as never))

  it.each([
    [null, 'TypeError: what memoryStore takes must be an object'],
    [{ maxKeys: 0 }, 'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got 0'],
    [{ maxKeys: -1 }, 'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got -1'],
    [{ maxKeys: 1.5 }, 'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got 1.5'],
    [{ maxKeys: NaN }, 'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got NaN'],
    [
      { maxKeys: Infinity },
      'RangeError: maxKeys must be a whole number from 1 to 9007199254740991, got Infinity',
    ],
    [{ maxKeys: '10' }, "TypeError: maxKeys must be a whole number from 1 to 9007199254740991, got '10'"],
    [{ clock: 0 }, 'TypeError: clock must be a function, got 0'],
    [{ clock: null }, 'TypeError: clock must be a function, got null'],
    [{ onEvicted: 'log' }, "TypeError: onEvicted must be a function, got 'log'"],
    [{ maxKey: 10 }, "TypeError: memoryStore has no option 'maxKey': did you mean `maxKeys`?"],
    [{ ttl: 10 }, "TypeError: memoryStore has no option 'ttl'"],
  ])('refuse %o', (options, message) => {
    expect(error(options)).toMatch(message)
  })

  it('have defaults', () => {
    expect([error(undefined), error({}), error({ maxKeys: 1 })]).toEqual([undefined, undefined, undefined])
  })
})

describe('the clock of a memory store', () => {
  it.each([NaN, -1, -0.5, Infinity, -Infinity, 2 ** 53, 1.8e18, undefined, 'noon', {}])(
    'has to tell milliseconds since 1970, not %s',
    (told) => {
      const limiter = createLimiter({ algorithm, store: memoryStore({ clock: () => told as number }) })
      expect(thrown(() => limiter.take('ada'))).toMatch(
        new RegExp(`^(Range|Type)Error: clock\\(\\) must be a whole number from 0 to 9007199254740991, got `),
      )
    },
  )

  it('may tell fractions, which are cut off', () => {
    const clock = { now: noon + 0.9 }
    const limiter = createLimiter({ algorithm, store: memoryStore({ clock: () => clock.now }) })
    expect(limiter.take('ada', { cost: 3 })).toMatchObject({ at: noon, resetMs: 60_000 })
    clock.now = noon + 59_999.999
    expect(limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 1 })
    clock.now = noon + 60_000.001
    expect(limiter.take('ada').allowed).toBe(true)
  })

  it('may begin at 0', () => {
    const limiter = createLimiter({ algorithm, store: memoryStore({ clock: () => 0 }) })
    expect(limiter.take('ada')).toMatchObject({ allowed: true, at: 0, resetMs: 60_000 })
  })

  it('is read once a call, so that all policies are decided at one instant', () => {
    let now = noon
    const clock = vi.fn<() => number>(() => now++)
    const bucket = tokenBucket({ capacity: 3, refill: 1, per: '1s' })
    const policies = [
      { name: 'a', algorithm },
      { name: 'b', algorithm: bucket },
    ] as const
    const limiter = createLimiter({ policies, store: memoryStore({ clock }) })
    limiter.refund(limiter.take('ada'))
    expect(clock).toHaveBeenCalledTimes(2)
  })

  it('is by default one that no step of the system clock moves', () => {
    const limiter = createLimiter({ algorithm })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const before = limiter.take('ada', { cost: 3 })
    for (const step of [3_600_000, -7_200_000]) {
      vi.setSystemTime(Date.now() + step)
      const decision = limiter.take('ada')
      expect(decision.allowed).toBe(false)
      expect(decision.at - before.at).toBeLessThan(5000)
      expect(decision.retryAfterMs).toBeLessThanOrEqual(60_000)
    }
  })

  it('is told apart from the wall clock, which headers go by', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: noon })
    expect(memoryStore().wallClock?.()).toBe(noon)
    expect(memoryStore({ clock: () => 5 }).wallClock?.()).toBe(5)
  })
})

describe('a memory store', () => {
  it('sets no timers, and keeps no process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const limiter = createLimiter({ limit: 1, window: 10 })
    for (let key = 0; key < 1000; key++) limiter.take(`key ${key}`)
    expect(timers()).toBe(before)
  })

  it('forgets everything when it is closed, and can be used again', async () => {
    const store = memoryStore({ clock: () => noon })
    const limiter = createLimiter({ algorithm, store })
    limiter.take('ada', { cost: 3 })
    await store.close?.()
    expect(limiter.take('ada')).toMatchObject({ allowed: true, remaining: 2 })
  })

  it('keeps policies apart, and the keys within them', () => {
    const store = memoryStore({ clock: () => noon })
    const one = createLimiter({ store, name: 'one', algorithm })
    const other = createLimiter({ store, name: 'other', algorithm })
    one.take('ada', { cost: 3 })
    expect(other.take('ada').remaining).toBe(2)
    other.resetAll()
    expect(one.take('ada').allowed).toBe(false)
  })
})
