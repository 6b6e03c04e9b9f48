import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { createLimiter } from './limiter.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const policies = [
  { name: 'window', algorithm: fixedWindow({ limit: 3, window: '1m' }) },
  { name: 'log', algorithm: slidingLog({ limit: 9, window: '1h' }) },
] as const
const atNoon = () => memoryStore({ clock: () => noon })

describe('a limiter on a store of promises', () => {
  it('promises what one on memory decides at once', async () => {
    const now = createLimiter({ policies, store: atNoon() })
    const later = createLimiter({ policies, store: laterStore(atNoon()) })
    for (const cost of [1, 0, 2, 4, 1]) {
      expect(await later.take('ada', { cost })).toEqual(now.take('ada', { cost }))
      expect(await later.peek('ada', { cost })).toEqual(now.peek('ada', { cost }))
    }
    const part = { policy: 'log', key: 'ada', cost: 2 } as const
    const [decision, same] = [await later.decide([part]), now.decide([part])]
    expect(decision).toEqual(same)
    expect([await later.refund(decision), now.refund(same)]).toEqual([undefined, undefined])
    expect(await later.peek('ada')).toEqual(now.peek('ada'))
    expect([await later.reset('ada'), now.reset('ada')]).toEqual([undefined, undefined])
    expect(await later.peek('ada')).toEqual(now.peek('ada'))
  })

  it('answers every call with a promise, also where there is nothing to do', async () => {
    const limiter = createLimiter({ policies, store: laterStore(atNoon()) })
    const denied = await limiter.take('ada', { cost: 4 })
    const answers: unknown[] = [
      limiter.take({}),
      limiter.refund(denied),
      limiter.reset({}),
      limiter.resetAll(),
      limiter.hold(denied).release(),
    ]
    for (const answer of answers) expect(answer).toBeInstanceOf(Promise)
    await Promise.all(answers)
  })

  it('admits exactly the limit to calls that are under way at once', async () => {
    const limiter = createLimiter({ policies, store: laterStore(atNoon()) })
    const decisions = await Promise.all(Array.from({ length: 20 }, () => limiter.take('ada')))
    expect(decisions.filter(({ allowed }) => allowed).length).toBe(3)
  })

  it('rejects with the failure of the store', async () => {
    const store = laterStore(atNoon())
    const limiter = createLimiter({ policies, store })
    const decision = await limiter.take('ada')
    store.failing = new Error('the network is down')
    const calls: PromiseLike<unknown>[] = [
      limiter.take('ada'),
      limiter.peek('ada'),
      limiter.decide([{ policy: 'log', key: 'ada' }]),
      limiter.refund(decision),
      limiter.reset('ada'),
      limiter.resetAll(),
    ]
    for (const call of calls) await expect(call).rejects.toBe(store.failing)
    store.failing = undefined
    expect((await limiter.take('ada')).used).toBe(2)
  })

  it('throws at once for misuse, before the store hears of it', () => {
    const store = laterStore(atNoon())
    store.failing = new Error('the store was asked')
    const limiter = createLimiter({ policies, store })
    expect(() => limiter.take('')).toThrow(TypeError)
    expect(() => limiter.take('ada', { cost: -1 })).toThrow(RangeError)
    expect(() => limiter.decide([{ policy: 'day' as 'log', key: 'ada' }])).toThrow(TypeError)
  })

  it('tells of a decision by the policies that it was made by, whatever changes meanwhile', async () => {
    const store = laterStore(atNoon())
    const limiter = createLimiter({ algorithm: policies[0].algorithm, store })
    const pending = limiter.take('ada', { cost: 2 })
    limiter.update({ algorithm: policies[1].algorithm })
    const decision = await pending
    expect(decision).toMatchObject({ limit: 3, used: 2 })
    await limiter.refund(decision)
    limiter.update({ algorithm: policies[0].algorithm })
    expect((await limiter.peek('ada')).used).toBe(0)
  })
})
