import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Decision } from './algorithm.ts'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import type { Reservation } from './reservation.ts'
import type { Charge, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'
import { thrown } from './testing/thrown.ts'
import { noon, world, worldOf } from './testing/worlds.ts'

const tokens = fixedWindow({ limit: 1000, window: '1h' })
const policies = [
  { name: 'tokens', algorithm: tokens },
  { name: 'requests', algorithm: slidingLog({ limit: 10, window: '1m' }) },
] as const

describe('reserve', () => {
  it('charges the estimate, which stays charged if it is never settled', () => {
    const { limiter, left } = world(tokens)
    const { decision } = limiter.reserve('ada', { cost: 800 })
    expect(decision).toMatchObject({ allowed: true, remaining: 200 })
    expect(left()).toBe(200)
    expect(limiter.reserve('ada').decision.remaining).toBe(199)
  })

  it.each([
    [0, 1000],
    [300, 700],
    [800, 200],
    [950, 50],
    [1500, 0],
  ])('settles 800 by %i: %i are left', (actual, remaining) => {
    const { limiter, left } = world(tokens)
    limiter.reserve('ada', { cost: 800 }).settle(actual)
    expect(left()).toBe(remaining)
  })

  it('is cancelled as a whole', () => {
    const { limiter } = worldOf(policies)
    limiter.reserve('ada', { cost: { tokens: 800 } }).cancel()
    expect(limiter.peek('ada', { cost: 0 }).policies).toMatchObject([{ used: 0 }, { used: 0 }])
  })

  it.each<[string, (reservation: Reservation<'sync'>) => void]>([
    ['settled', ({ settle }) => settle(100)],
    ['cancelled', ({ cancel }) => cancel()],
  ])('is over once it is %s', (_what, finish) => {
    const { limiter, left } = world(tokens)
    limiter.take('ada', { cost: 500 })
    const reservation = limiter.reserve('ada', { cost: 400 })
    finish(reservation)
    const before = left()
    reservation.settle(0)
    reservation.settle(900)
    reservation.cancel()
    limiter.refund(reservation.decision)
    expect(left()).toBe(before)
  })

  it('gives nothing back once its decision was refunded', () => {
    const { limiter, left } = world(tokens)
    limiter.take('ada', { cost: 100 })
    const reservation = limiter.reserve('ada', { cost: 400 })
    limiter.refund(reservation.decision)
    reservation.settle(100)
    reservation.cancel()
    expect(left()).toBe(900)
  })

  it('does nothing where it was denied', () => {
    const { limiter, left } = world(tokens)
    limiter.take('ada', { cost: 300 })
    const { decision, settle, cancel } = limiter.reserve('ada', { cost: 800 })
    expect(decision).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 })
    settle(1)
    settle(5000)
    cancel()
    expect(left()).toBe(700)
  })

  it('settles policy by policy; one that is not named keeps its estimate', () => {
    const { limiter } = worldOf(policies)
    const used = (): number[] => limiter.peek('ada', { cost: 0 }).policies.map((policy) => policy.used)
    const both = { tokens: 600, requests: 2 }
    limiter.reserve('ada', { cost: both }).settle({ tokens: 300 })
    expect(used()).toEqual([300, 2])
    limiter.reserve('ada', { cost: both }).settle({ tokens: 0, requests: 3 })
    expect(used()).toEqual([300, 5])
    limiter.reserve('ada', { cost: both }).settle({ tokens: undefined, requests: 0 })
    expect(used()).toEqual([900, 5])
  })

  it('settles by the decision, which tells how much a bucket still feels of it', () => {
    const { clock, limiter, left } = world(tokenBucket({ capacity: 100, refill: 10, per: '1s' }))
    const { settle } = limiter.reserve('ada', { cost: 80 })
    clock.now += 3000
    expect(left()).toBe(50)
    settle(0)
    expect(left()).toBe(100)
  })

  it('settles a shadow policy by what it charged', () => {
    const { limiter } = worldOf([
      { name: 'tokens', algorithm: tokens },
      { name: 'trial', mode: 'shadow', algorithm: fixedWindow({ limit: 100, window: '1h' }) },
    ])
    const used = (): number[] => limiter.peek('ada', { cost: 0 }).policies.map((policy) => policy.used)
    limiter.reserve('ada', { cost: 80 }).settle(30)
    expect(used()).toEqual([30, 30])
    limiter.reserve('ada', { cost: 90 }).settle(10)
    expect(used()).toEqual([40, 30])
    limiter.reserve('ada', { cost: 20 }).settle(60)
    expect(used()).toEqual([100, 90])
  })

  it('frees the slots of a reservation unless they are held', () => {
    const { limiter, left } = world(concurrency({ limit: 3, ttl: '30s' }))
    limiter.reserve('ada', { cost: 2 }).settle(1)
    expect(left()).toBe(2)
    const { decision, cancel } = limiter.reserve('ada', { cost: 2 })
    const { release } = limiter.hold(decision)
    cancel()
    expect(left()).toBe(0)
    release()
    expect(left()).toBe(2)
  })

  it('settles what is under way when the limiter closes', async () => {
    const { clock, limiter } = world(tokens)
    const { settle } = limiter.reserve('ada', { cost: 800 })
    await limiter.close()
    settle(100)
    expect(createLimiter({ algorithm: tokens, store: limiter.store }).peek('ada', { cost: 0 }).used).toBe(100)
    expect(() => limiter.reserve('ada')).toThrow('closed')
    expect(clock.now).toBe(noon)
  })
})

describe('what is charged beyond the estimate', () => {
  const bucket = tokenBucket({ capacity: 100, refill: 10, per: '1s' })
  /** How long until one unit fits again: 100 ms for each unit of debt, and one. */
  const debt = (reserved: number, actual: number, maxDebt?: number | { default: number }): number => {
    const { limiter } = world(bucket)
    limiter.take('ada', { cost: 100 - reserved })
    limiter.reserve('ada', { cost: reserved, maxDebt }).settle(actual)
    return limiter.peek('ada').retryAfterMs / 100 - 1
  }

  it('is debt', () => {
    expect(debt(10, 10)).toBe(0)
    expect(debt(10, 25)).toBe(15)
  })

  it('is at most the limit, or maxDebt', () => {
    expect(debt(10, 110)).toBe(100)
    expect(debt(10, 111)).toBe(100)
    expect(debt(10, 5000, 300)).toBe(300)
    expect(debt(10, 25, 15)).toBe(15)
    expect(debt(10, 26, 15)).toBe(15)
    expect(debt(10, 25, 0)).toBe(0)
    expect(debt(10, 25, { default: 7 })).toBe(7)
  })

  it('is bounded for each reservation', () => {
    const { limiter } = world(bucket)
    const reservations = [1, 2, 3].map(() => limiter.reserve('ada', { cost: 10, maxDebt: 50 }))
    for (const { settle } of reservations) settle(1000)
    expect(limiter.peek('ada').retryAfterMs).toBe(100 * (30 + 150 - 100 + 1))
  })
})

describe('what was charged nothing', () => {
  it.each([0, 1, 7, 1000])('is charged %i once it is settled by that', (actual) => {
    const { limiter, left } = world(tokens)
    limiter.reserve('ada', { cost: 0 }).settle(actual)
    expect(left()).toBe(1000 - actual)
  })

  it('is let in whatever is owed, since nothing is asked for', () => {
    const { limiter } = world(tokenBucket({ capacity: 100, refill: 10, per: '1s' }))
    limiter.reserve('ada', { cost: 0 }).settle(100)
    const { decision, settle } = limiter.reserve('ada', { cost: 0 })
    expect(decision.allowed).toBe(true)
    settle(5)
    expect(limiter.peek('ada').retryAfterMs).toBe(100 * (5 + 1))
  })

  it('is settled once, and not after a refund', () => {
    const { limiter, left } = world(tokens)
    const { settle, cancel, decision } = limiter.reserve('ada', { cost: 0 })
    settle(5)
    settle(7)
    cancel()
    limiter.settle(decision, 9)
    expect(left()).toBe(995)
    const second = limiter.reserve('ada', { cost: 0 })
    second.cancel()
    second.settle(5)
    expect(left()).toBe(995)
  })

  it('may be one policy of several', () => {
    const { limiter } = worldOf(policies)
    const used = (): number[] => limiter.peek('ada', { cost: 0 }).policies.map((policy) => policy.used)
    const { settle } = limiter.reserve('ada', { cost: { tokens: 0, requests: 3 } })
    expect(used()).toEqual([0, 3])
    settle({ tokens: 40, requests: 1 })
    expect(used()).toEqual([40, 1])
    limiter.reserve('ada', { cost: { tokens: 0 } }).settle({ requests: 0 })
    expect(used()).toEqual([40, 1])
  })

  it('belongs to the window that is when it is settled', () => {
    const { clock, limiter, left } = world(tokens)
    limiter.take('ada', { cost: 9 })
    const { settle } = limiter.reserve('ada', { cost: 0 })
    clock.now += 3_600_000
    settle(5)
    expect(left()).toBe(995)
  })
})

describe('settle', () => {
  it.each([
    [0, 1000],
    [3, 997],
    [5, 995],
    [50, 950],
  ])('puts %i in the place of a decision that charged 5: %i are left', (actual, remaining) => {
    const { limiter, left } = world(tokens)
    const decision = limiter.take('ada', { cost: 5 })
    limiter.settle(decision, actual)
    limiter.settle(decision, 500)
    limiter.refund(decision)
    expect(left()).toBe(remaining)
  })

  it('does nothing for what was refunded or denied', () => {
    const { limiter, left } = world(tokens)
    const [refunded, denied] = [limiter.take('ada', { cost: 5 }), limiter.take('ada', { cost: 999 })]
    limiter.refund(refunded)
    for (const decision of [refunded, denied]) limiter.settle(decision, 700)
    expect(left()).toBe(1000)
  })

  it('charges at most maxDebt beyond, by default the limit', () => {
    const algorithm = tokenBucket({ capacity: 100, refill: 10, per: '1s' })
    const debtOf = (options?: { maxDebt: number | { tokens?: number } }): number => {
      const { limiter } = worldOf([{ name: 'tokens', algorithm }])
      limiter.settle(limiter.take('ada', { cost: 100 }), 9999, options)
      return limiter.peek('ada').retryAfterMs / 100 - 1
    }
    expect(debtOf()).toBe(100)
    expect(debtOf({ maxDebt: 0 })).toBe(0)
    expect(debtOf({ maxDebt: 7 })).toBe(7)
    expect(debtOf({ maxDebt: { tokens: 8 } })).toBe(8)
    expect(debtOf({ maxDebt: {} })).toBe(100)
  })

  it('settles a decision that was written down and read again', () => {
    const { limiter, left } = world(tokens)
    limiter.settle(JSON.parse(JSON.stringify(limiter.take('ada', { cost: 5 }))) as Decision, 2)
    expect(left()).toBe(998)
  })

  it('promises where the store does', async () => {
    const limiter = createLimiter({ policies, store: laterStore(memoryStore({ clock: () => noon })) })
    const settled = limiter.settle(await limiter.take('ada', { cost: { tokens: 5 } }), { tokens: 2 })
    expectTypeOf(settled).toEqualTypeOf<Promise<void>>()
    expect(await settled).toBeUndefined()
    expect((await limiter.peek('ada', { cost: 0 })).policies.map(({ used }) => used)).toEqual([2, 1])
  })

  it.each<[unknown, object | undefined, RegExp]>([
    [-1, undefined, /^RangeError: actual must be a whole number from 0/],
    [{ token: 1 }, undefined, /^TypeError: a policy in actual must be one of/],
    [1, { maxDebt: -1 }, /^RangeError: maxDebt must be a whole number from 0/],
    [1, { maxDebts: 1 }, /^TypeError: settle has no option 'maxDebts': did you mean `maxDebt`\?$/],
  ])('refuses %o with %o, and can be said right', (actual, options, message) => {
    const { limiter } = worldOf(policies)
    const decision = limiter.take('ada', { cost: { tokens: 5 } })
    expect(thrown(() => limiter.settle(decision, actual as number, options))).toMatch(message)
    limiter.settle(decision, 0)
    expect(limiter.peek('ada', { cost: 0 }).policies.map(({ used }) => used)).toEqual([0, 0])
  })
})

describe('a reservation on a store of promises', () => {
  it('is promised, settled in one call, and in none where there is nothing to do', async () => {
    const calls: string[][] = []
    const memory = memoryStore({ clock: () => noon })
    const take: Store<'sync'>['take'] = (charges: readonly Charge[]) => {
      calls.push(
        charges.map(({ slot, kind, cost, at, from }) => `${slot.name} ${kind} ${cost} ${at} ${from}`),
      )
      return memory.take(charges)
    }
    const store = laterStore({ ...memory, take })
    const limiter = createLimiter({ policies, store })
    const reserved = limiter.reserve('ada', { cost: { tokens: 800, requests: 2 } })
    expectTypeOf(reserved).toEqualTypeOf<Promise<Reservation<'async', 'tokens' | 'requests'>>>()
    const { settle, cancel } = await reserved
    expect(await settle({ tokens: 300, requests: 5 })).toBeUndefined()
    expect(calls[1]).toEqual([`tokens refund 500 ${noon} store`, 'requests force 3 0 store'])
    for (const nothing of [settle(0), cancel(), (await limiter.reserve({})).settle(5)])
      expect(await nothing).toBeUndefined()
    await (await limiter.reserve('ada')).settle(1)
    expect(calls.length).toBe(4)
  })

  it('settles where the decision came from', async () => {
    const memory = memoryStore({ clock: () => noon })
    const seen: Charge[] = []
    const store = laterStore({
      ...memory,
      take(charges) {
        seen.push(...charges)
        return { ...memory.take(charges), source: 'fallback' }
      },
    })
    const limiter = createLimiter({ algorithm: tokens, store })
    await (await limiter.reserve('ada', { cost: 8 })).settle(9)
    await (await limiter.reserve('ada', { cost: 8 })).cancel()
    expect(seen.map(({ kind, from }) => [kind, from])).toEqual([
      ['take', 'store'],
      ['force', 'fallback'],
      ['take', 'store'],
      ['refund', 'fallback'],
    ])
  })

  it('rejects with the failure of the store, and is over', async () => {
    const store = laterStore(memoryStore({ clock: () => noon }))
    const limiter = createLimiter({ algorithm: tokens, store })
    const { settle } = await limiter.reserve('ada', { cost: 800 })
    store.failing = new Error('the network is down')
    await expect(settle(0)).rejects.toBe(store.failing)
    store.failing = undefined
    await settle(0)
    expect((await limiter.peek('ada')).used).toBe(800)
  })
})

describe('misuse of a reservation', () => {
  const { limiter } = worldOf(policies)
  it.each<[unknown, RegExp]>([
    [-1, /^RangeError: actual must be a whole number from 0 to \d+, got -1$/],
    [1.5, /^RangeError: actual must be a whole number/],
    [Number.NaN, /^RangeError: actual must be/],
    ['5', /^TypeError: actual must be a whole number from 0 to \d+, got '5'$/],
    [undefined, /^TypeError: actual must be one for all policies or by name, got undefined$/],
    [null, /^TypeError: actual must be one for all policies or by name, got null$/],
    [[5], /^TypeError: actual must be one for all policies or by name, got an array$/],
    [{ token: 5 }, /^TypeError: a policy in actual must be one of 'tokens', 'requests', got 'token'$/],
    [{ tokens: -1 }, /^RangeError: actual must be a whole number/],
  ])('settle(%o) is refused, and can be said right', (actual, message) => {
    const reservation = limiter.reserve('bob', { cost: 2 })
    expect(thrown(() => reservation.settle(actual as number))).toMatch(message)
    reservation.settle(0)
    expect(limiter.peek('bob', { cost: 0 }).used).toBe(0)
  })

  it.each<[object, RegExp]>([
    [{ maxDebt: -1 }, /^RangeError: maxDebt must be a whole number from 0 to \d+, got -1$/],
    [{ maxDebt: { token: 1 } }, /^TypeError: a policy in maxDebt must be one of/],
    [{ maxdebt: 1 }, /^TypeError: a call has no option 'maxdebt': did you mean `maxDebt`\?$/],
    [{ cost: -1 }, /^RangeError: cost must be/],
  ])('reserve with %o is refused, and charges nothing', (options, message) => {
    expect(thrown(() => limiter.reserve('eve', options))).toMatch(message)
    expect(limiter.peek('eve', { cost: 0 }).used).toBe(0)
  })
})
