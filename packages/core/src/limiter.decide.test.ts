import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { thrown } from './testing/thrown.ts'
import { worldOf } from './testing/worlds.ts'

const minute = { name: 'minute', algorithm: fixedWindow({ limit: 5, window: '1m' }) } as const
const day = { name: 'day', algorithm: fixedWindow({ limit: 20, window: '1d' }) } as const

describe('a shadow policy', () => {
  const shadow = { ...minute, mode: 'shadow' } as const

  it('counts and reports, and never refuses', () => {
    const { limiter } = worldOf([shadow, day])
    for (let used = 1; used <= 5; used++) expect(limiter.take('ada').policies[0]?.used).toBe(used)
    const decision = limiter.take('ada')
    expect(decision).toMatchObject({ allowed: true, policy: 'day', retryAfterMs: 0 })
    expect(decision.policies[0]).toMatchObject({ mode: 'shadow', allowed: false, retryAfterMs: 60_000 })
  })

  it('is not charged for what another policy refuses', () => {
    const { limiter } = worldOf([shadow, { name: 'none', algorithm: slidingLog({ limit: 0, window: 1 }) }])
    expect(limiter.take('ada').allowed).toBe(false)
    expect(limiter.peek('ada', { cost: 0 }).policies[0]?.used).toBe(0)
  })

  it('refuses nothing when it is asked either', () => {
    const { limiter } = worldOf([shadow])
    expect(limiter.peek('ada', { cost: 6 })).toMatchObject({ allowed: true, policies: [{ allowed: false }] })
  })
})

describe('decide', () => {
  it('takes each part as it is spelt out, with an algorithm of its own if need be', () => {
    const { limiter } = worldOf([minute, day])
    const decision = limiter.decide([
      { policy: 'day', key: 'team', cost: 4, algorithm: fixedWindow({ limit: 100, window: '1d' }) },
      { policy: 'minute', key: 'ada' },
    ])
    expect(decision.policies).toMatchObject([
      { name: 'day', key: 'team', cost: 4, limit: 100, remaining: 96 },
      { name: 'minute', key: 'ada', cost: 1, limit: 5, remaining: 4 },
    ])
  })

  it('charges several keys of one policy, but no key twice', () => {
    const { limiter } = worldOf([minute])
    const parts = ['ada', 'bob'].map((key) => ({ policy: 'minute' as const, key }))
    expect(limiter.decide(parts).policies).toMatchObject([{ key: 'ada' }, { key: 'bob' }])
    expect(thrown(() => limiter.decide([...parts, { policy: 'minute', key: 'ada' }]))).toMatch(
      /^TypeError: a policy is charged twice for one key/,
    )
    expect(limiter.peek('ada', { cost: 0 }).used).toBe(1)
  })
})

describe('the options of a call', () => {
  it('are the cost, and nothing else: a slip of the pen charges and refunds nothing', () => {
    const { limiter } = worldOf([minute])
    const options = { costs: 3 } as object
    const decision = limiter.take('ada')
    const calls = [
      () => limiter.take('ada', options),
      () => limiter.peek('ada', options),
      () => limiter.refund(decision, options),
    ]
    for (const call of calls) {
      expect(thrown(call)).toBe("TypeError: a call has no option 'costs': did you mean `cost`?")
    }
    expect(limiter.peek('ada').used).toBe(1)
  })

  it('are given by name in a plain object: of anything else nothing would apply, and all be let in', () => {
    const { limiter } = worldOf([minute])
    for (const target of [
      Promise.resolve('ada'),
      ['ada'],
      new Map([['minute', 'ada']]),
      new Date(),
      null,
      undefined,
    ]) {
      expect(thrown(() => limiter.take(target as never))).toMatch(
        /^TypeError: key must be one for all policies or by name/,
      )
      expect(thrown(() => limiter.reset(target as never))).toMatch(/^TypeError: key must be one for all/)
    }
    expect(
      limiter.take(Object.assign(Object.create(null) as object, { minute: 'ada' })).policies.length,
    ).toBe(1)
  })

  it('are for the policies that they name, whatever those are called', () => {
    const named = ['constructor', '__proto__', 'toString'].map((name) => ({ ...minute, name }))
    const { limiter } = worldOf(named)
    expect(limiter.take({})).toMatchObject({ policies: [] })
    expect(limiter.take('ada', { cost: {} })).toMatchObject({ remaining: 4 })
    expect(limiter.take({ constructor: 'ada' }).policies).toMatchObject([{ name: 'constructor', used: 2 }])
  })
})
