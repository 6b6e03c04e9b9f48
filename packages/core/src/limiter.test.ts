import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter-types.ts'
import { memoryStore } from './stores/memory.ts'
import { thrown } from './testing/thrown.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const algorithm = fixedWindow({ limit: 3, window: '1m' })

function world(): { clock: { now: number }; limiter: Limiter<'sync', 'default'> } {
  const clock = { now: noon }
  return { clock, limiter: createLimiter({ algorithm, store: memoryStore({ clock: () => clock.now }) }) }
}

describe('a limiter in short', () => {
  it('has one policy, named default, which is a sliding window', () => {
    const { policies } = createLimiter({ limit: 100, window: '1m' })
    expect(policies).toMatchObject([
      { name: 'default', mode: 'enforce', limit: 100, windowMs: 60_000, kind: 'slidingWindow' },
    ])
  })

  it('counts by an algorithm of your choice, under a name and in a mode of your choice', () => {
    const bucket = tokenBucket({ capacity: 20, refill: 10, per: '1s' })
    const { policies } = createLimiter({ algorithm: bucket, name: 'burst', mode: 'shadow' })
    expect(policies).toMatchObject([
      { name: 'burst', mode: 'shadow', limit: 20, windowMs: 2000, kind: 'tokenBucket' },
    ])
  })

  it('has a store of its own, which goes by the time that passes', () => {
    const limiter = createLimiter({ limit: 1, window: '1h' })
    expect(Math.abs(limiter.take('ada').at - Date.now())).toBeLessThan(1000)
    expect(limiter.store.mode).toBe('sync')
    expect(limiter.take('ada').allowed).toBe(false)
    expect(createLimiter({ limit: 1, window: '1h' }).take('ada').allowed).toBe(true)
  })
})

describe('take', () => {
  it('decides at once, and tells all there is to tell', () => {
    const { limiter } = world()
    const figures = { allowed: true, retryAfterMs: 0, limit: 3, used: 1, remaining: 2, resetMs: 60_000 }
    const kind = 'fixedWindow'
    const asked = { name: 'default', kind, key: 'ada', cost: 1, mode: 'enforce' }
    const policy = { ...asked, windowMs: 60_000, ...figures }
    expect(limiter.take('ada')).toEqual({
      ...figures,
      policy: 'default',
      policies: [policy],
      source: 'store',
      at: noon,
    })
  })

  it('refuses as a value, charges nothing for it, and lets in when the wait is over', () => {
    const { clock, limiter } = world()
    limiter.take('ada', { cost: 2 })
    const refused = { allowed: false, retryAfterMs: 60_000, remaining: 1, used: 2, limit: 3 }
    expect(limiter.take('ada', { cost: 2 })).toMatchObject(refused)
    expect(limiter.take('ada')).toMatchObject({ allowed: true, remaining: 0 })
    clock.now += 59_999
    expect(limiter.take('ada')).toMatchObject({ allowed: false, retryAfterMs: 1 })
    clock.now += 1
    expect(limiter.take('ada')).toMatchObject({ allowed: true, remaining: 2 })
  })

  it('never fits a cost above the limit', () => {
    expect(world().limiter.take('ada', { cost: 4 })).toMatchObject({ allowed: false, retryAfterMs: Infinity })
  })

  it('tells keys apart, whatever text they are', () => {
    const { limiter } = world()
    for (const key of ['ada', 'Ada', ' ada', '__proto__', 'constructor', '\0']) {
      expect(limiter.take(key)).toMatchObject({ remaining: 2, policies: [{ key }] })
    }
  })

  it.each([
    ['', "TypeError: the key of 'default' must be non-empty text, got ''"],
    [undefined, undefined],
    [42, "TypeError: the key of 'default' must be non-empty text, got 42"],
  ])('refuses the key %j', (key, message) => {
    const { limiter } = world()
    expect(thrown(() => limiter.take({ default: key as string }))).toBe(message)
  })

  it.each([
    [-1, 'RangeError', '-1'],
    [1.5, 'RangeError', '1.5'],
    [NaN, 'RangeError', 'NaN'],
    [Infinity, 'RangeError', 'Infinity'],
    [2 ** 53, 'RangeError', '9007199254740992'],
    ['1', 'TypeError', "'1'"],
    [true, 'TypeError', 'true'],
  ])('refuses the cost %j', (cost, error, shown) => {
    const { limiter } = world()
    const message = `${error}: cost must be a whole number from 0 to 9007199254740991, got ${shown}`
    for (const costs of [cost, { default: cost }] as (number | { default: number })[]) {
      expect(thrown(() => limiter.take('ada', { cost: costs }))).toBe(message)
      expect(thrown(() => limiter.peek('ada', { cost: costs }))).toBe(message)
    }
    expect(thrown(() => limiter.decide([{ policy: 'default', key: 'ada', cost: cost as number }]))).toBe(
      message,
    )
    expect(limiter.peek('ada').used).toBe(0)
  })
})

describe('peek', () => {
  it('tells whether a take would pass, and what there is; it charges nothing', () => {
    const { limiter } = world()
    expect(limiter.peek('ada', { cost: 2 })).toMatchObject({ allowed: true, remaining: 3, used: 0 })
    expect(limiter.peek('ada', { cost: 4 })).toMatchObject({ allowed: false, retryAfterMs: Infinity })
    limiter.take('ada', { cost: 2 })
    expect(limiter.peek('ada', { cost: 2 })).toEqual(limiter.take('ada', { cost: 2 }))
    expect(limiter.peek('ada', { cost: 0 })).toMatchObject({ allowed: true, remaining: 1, used: 2 })
  })
})
