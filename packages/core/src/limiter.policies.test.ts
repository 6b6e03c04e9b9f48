import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { thrown } from './testing/thrown.ts'
import { noon, worldOf } from './testing/worlds.ts'

const minute = { name: 'minute', algorithm: fixedWindow({ limit: 5, window: '1m' }) } as const
const day = { name: 'day', algorithm: fixedWindow({ limit: 20, window: '1d' }) } as const

describe('several policies', () => {
  it('are charged together, or none is', () => {
    const { clock, limiter } = worldOf([minute, day])
    expect(limiter.take('ada', { cost: 5 })).toMatchObject({
      allowed: true,
      policies: [
        { name: 'minute', allowed: true, used: 5, remaining: 0 },
        { name: 'day', allowed: true, used: 5, remaining: 15 },
      ],
    })
    expect(limiter.take('ada', { cost: 5 })).toMatchObject({
      allowed: false,
      policies: [
        { name: 'minute', allowed: false, used: 5, retryAfterMs: 60_000 },
        { name: 'day', allowed: true, used: 5, retryAfterMs: 0 },
      ],
    })
    for (let more = 0; more < 3; more++) {
      clock.now += 60_000
      expect(limiter.take('ada', { cost: 5 }).allowed).toBe(true)
    }
    clock.now += 60_000
    expect(limiter.take('ada')).toMatchObject({ allowed: false, policy: 'day' })
    expect(limiter.peek({ minute: 'ada' }, { cost: 5 }).allowed).toBe(true)
  })

  it('have a key each; one without a key does not apply', () => {
    const { limiter } = worldOf([minute, day])
    limiter.take({ minute: '192.0.2.1', day: 'ada' })
    limiter.take({ minute: '192.0.2.2', day: 'ada' })
    expect(limiter.take({ day: 'ada' }).policies).toMatchObject([{ name: 'day', key: 'ada', used: 3 }])
    expect(limiter.take({ minute: '192.0.2.1', day: undefined }).policies).toMatchObject([{ used: 2 }])
  })

  it('have a cost each; one without a cost costs 1', () => {
    const { limiter } = worldOf([minute, day])
    const { policies } = limiter.take('ada', { cost: { day: 3 } })
    expect(policies).toMatchObject([
      { name: 'minute', cost: 1, used: 1 },
      { name: 'day', cost: 3, used: 3 },
    ])
    expect(limiter.peek('ada', { cost: { minute: undefined, day: 0 } }).policies).toMatchObject([
      { cost: 1, used: 1 },
      { cost: 0, used: 3 },
    ])
  })

  it('answer the same in whatever order they are listed', () => {
    const one = worldOf([minute, day]).limiter.take('ada', { cost: 6 })
    const other = worldOf([day, minute]).limiter.take('ada', { cost: 6 })
    expect(other).toEqual({ ...one, policies: one.policies.toReversed() })
  })

  it('let everything pass where none applies', () => {
    const { limiter } = worldOf([minute, day])
    expect(limiter.take({})).toEqual({
      allowed: true,
      retryAfterMs: 0,
      policy: undefined,
      limit: Infinity,
      used: 0,
      remaining: Infinity,
      resetMs: 0,
      policies: [],
      source: 'store',
      at: noon,
    })
  })

  it('are told apart by name: nobody else is charged, peeked at or reset', () => {
    const { limiter } = worldOf([minute, day])
    const target = { hour: 'ada' } as object
    for (const call of [
      () => limiter.take(target),
      () => limiter.peek(target),
      () => limiter.reset(target),
    ]) {
      expect(thrown(call)).toBe("TypeError: a policy in key must be one of 'minute', 'day', got 'hour'")
    }
    const cost = { hours: 2 } as object
    expect(thrown(() => limiter.take('ada', { cost }))).toBe(
      "TypeError: a policy in cost must be one of 'minute', 'day', got 'hours'",
    )
    expect(thrown(() => limiter.decide([{ policy: 'hour' as 'day', key: 'ada' }]))).toBe(
      "TypeError: policy must be one of 'minute', 'day', got 'hour'",
    )
  })

  it('do not let everything pass for a key that is not there, as that of nobody signed in', () => {
    const { limiter } = worldOf([minute, day])
    for (const nobody of [null, undefined] as unknown as string[]) {
      for (const call of [limiter.take, limiter.peek, limiter.reset]) {
        expect(thrown(() => call(nobody))).toMatch(new RegExp(`^TypeError: key must be .*, got ${nobody}$`))
      }
    }
  })

  it('are reset together, or each by its key', () => {
    const { limiter } = worldOf([minute, day])
    limiter.take('ada', { cost: 5 })
    limiter.reset({ minute: 'ada' })
    expect(limiter.peek('ada', { cost: 0 }).policies).toMatchObject([{ used: 0 }, { used: 5 }])
    limiter.reset('ada')
    expect(limiter.peek('ada', { cost: 0 }).policies).toMatchObject([{ used: 0 }, { used: 0 }])
  })
})
