import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { prepaid } from './algorithms/prepaid.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter-types.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'
import { thrown } from './testing/thrown.ts'
import { noon, world, worldOf } from './testing/worlds.ts'

const algorithm = prepaid()
const burst = { name: 'burst', algorithm: fixedWindow({ limit: 3, window: '1m' }) } as const

describe('grant', () => {
  it('adds units to a balance, once for each id, and tells what there is then', () => {
    const { limiter } = world(algorithm)
    expect(limiter.take('ada')).toMatchObject({
      allowed: false,
      limit: 0,
      remaining: 0,
      retryAfterMs: Infinity,
    })
    expect(limiter.grant('ada', 5, { id: 'payment 1' })).toEqual({ granted: true, limit: 5, remaining: 5 })
    expect(limiter.take('ada', { cost: 3 })).toMatchObject({ allowed: true, limit: 5, used: 3, remaining: 2 })
    expect(limiter.grant('ada', 5, { id: 'payment 1' })).toEqual({ granted: false, limit: 5, remaining: 2 })
    expect(limiter.grant('ada', 5, { id: 'payment 2' })).toEqual({ granted: true, limit: 7, remaining: 7 })
  })

  it('finds the one balance among the policies, or is told which', () => {
    const one = worldOf([burst, { name: 'credits', algorithm }]).limiter
    expect(one.grant('ada', 5, { id: 'a' }).remaining).toBe(5)
    expect(one.grant({ credits: 'ada', burst: 'here' }, 5, { id: 'b' }).remaining).toBe(10)
    const two = worldOf([
      { name: 'credits', algorithm },
      { name: 'extra', algorithm },
    ]).limiter
    expect(two.grant({ extra: 'ada' }, 5, { id: 'a' }).remaining).toBe(5)
    expect(two.peek('ada', { cost: 0 }).policies.map(({ remaining }) => remaining)).toEqual([0, 5])
    expect(thrown(() => two.grant('ada', 5, { id: 'b' }))).toBe(
      'TypeError: grant() needs one policy of prepaid()',
    )
  })

  it('answers with a promise where the store does', async () => {
    const store = laterStore(memoryStore({ clock: () => noon }))
    const limiter = createLimiter({ store, algorithm })
    const grant = limiter.grant('ada', 5, { id: 'a' })
    expect(grant).toBeInstanceOf(Promise)
    expect(await grant).toEqual({ granted: true, limit: 5, remaining: 5 })
  })

  it('is forgotten with its key, ids and all', () => {
    const { limiter } = world(algorithm)
    limiter.grant('ada', 5, { id: 'a' })
    limiter.reset('ada')
    expect(limiter.peek('ada').allowed).toBe(false)
    expect(limiter.grant('ada', 2, { id: 'a' })).toEqual({ granted: true, limit: 2, remaining: 2 })
  })

  it('stays with a name and a kind while other policies come and go', () => {
    const { limiter } = world(algorithm)
    limiter.grant('ada', 5, { id: 'a' })
    limiter.update({ algorithm: burst.algorithm })
    expect(thrown(() => limiter.grant('ada', 5, { id: 'b' }))).toBe(
      'TypeError: grant() needs one policy of prepaid()',
    )
    limiter.update({ algorithm: prepaid() })
    expect(limiter.peek('ada').remaining).toBe(5)
  })

  it.each<[what: string, run: (limiter: Limiter<'sync', 'default'>) => unknown, message: string]>([
    [
      'no key',
      (limiter) => limiter.grant('', 1, { id: 'a' }),
      "the key of 'default' must be non-empty text, got ''",
    ],
    [
      'nothing',
      (limiter) => limiter.grant('ada', 0, { id: 'a' }),
      'units must be a whole number from 1 to 9007199254740991, got 0',
    ],
    [
      'a part',
      (limiter) => limiter.grant('ada', 1.5, { id: 'a' }),
      'units must be a whole number from 1 to 9007199254740991, got 1.5',
    ],
    [
      'no options',
      (limiter) => limiter.grant('ada', 1, undefined as never),
      'what grant takes must be an object, got undefined',
    ],
    [
      'no id',
      (limiter) => limiter.grant('ada', 1, {} as never),
      'id must be text of 1 to 256 characters, so that a retry grants nothing twice, got undefined',
    ],
    [
      'an empty id',
      (limiter) => limiter.grant('ada', 1, { id: '' }),
      "id must be text of 1 to 256 characters, so that a retry grants nothing twice, got ''",
    ],
    [
      'a number as id',
      (limiter) => limiter.grant('ada', 1, { id: 7 as never }),
      'id must be text of 1 to 256 characters, so that a retry grants nothing twice, got 7',
    ],
    [
      'a key for another name',
      (limiter) => limiter.grant({ other: 'ada' } as never, 1, { id: 'a' }),
      "a policy in key must be one of 'default', got 'other'",
    ],
    [
      'an unknown option',
      (limiter) => limiter.grant('ada', 1, { id: 'a', times: 2 } as never),
      "grant has no option 'times': id",
    ],
  ])('refuses %s', (_, run, message) => {
    const { limiter } = world(algorithm)
    expect(thrown(() => run(limiter))).toContain(message)
    expect(limiter.peek('ada').limit).toBe(0)
  })

  it('refuses an id of 257 characters, and takes one of 256', () => {
    const { limiter } = world(algorithm)
    expect(thrown(() => limiter.grant('ada', 1, { id: 'x'.repeat(257) }))).toMatch(
      'RangeError: id must be text of 1 to 256',
    )
    expect(limiter.grant('ada', 1, { id: 'x'.repeat(256) }).granted).toBe(true)
  })

  it('refuses a store that cannot grant, and a limiter that is closed', async () => {
    const { open, take, forget } = memoryStore()
    const store: Store<'sync'> = { mode: 'sync', open, take, forget }
    const limiter = createLimiter({ store, algorithm })
    expect(thrown(() => limiter.grant('ada', 1, { id: 'a' }))).toBe(
      'TypeError: grant() needs a store that keeps balances, such as redisStore()',
    )
    const { limiter: closed } = world(algorithm)
    await closed.close()
    expect(thrown(() => closed.grant('ada', 1, { id: 'a' }))).toBe('Error: the limiter is closed')
  })
})

describe('a balance', () => {
  it('is settled into debt of what there was at the most, unless told otherwise', () => {
    const { limiter, left } = world(algorithm)
    limiter.grant('ada', 100, { id: 'a' })
    limiter.reserve('ada', { cost: 30 }).settle(50)
    expect(left()).toBe(50)
    limiter.reserve('ada', { cost: 30 }).settle(10)
    expect(left()).toBe(40)
    limiter.reserve('ada', { cost: 40 }).settle(1000)
    expect(limiter.grant('ada', 101, { id: 'b' }).remaining).toBe(1)
    limiter.reserve('ada', { cost: 1, maxDebt: 5 }).settle(1000)
    expect(limiter.grant('ada', 6, { id: 'c' }).remaining).toBe(1)
  })

  it('gives nothing to who waits: no wait helps', async () => {
    const { limiter } = world(algorithm)
    expect(await limiter.wait('ada')).toMatchObject({ allowed: false, retryAfterMs: Infinity })
    limiter.grant('ada', 1, { id: 'a' })
    expect((await limiter.wait('ada')).allowed).toBe(true)
  })

  it('in shadow mode counts and never refuses', () => {
    const { limiter } = worldOf([{ name: 'credits', algorithm, mode: 'shadow' }, burst])
    limiter.grant({ credits: 'ada' }, 1, { id: 'a' })
    const [first, second] = [limiter.take('ada'), limiter.take('ada')]
    expect([first, second].map(({ allowed, policies }) => [allowed, policies[0]?.allowed])).toEqual([
      [true, true],
      [true, false],
    ])
  })

  it('is what a person is told of where a window refuses, too, since no wait helps', () => {
    const { limiter } = worldOf([burst, { name: 'credits', algorithm }])
    limiter.take({ burst: 'ada' }, { cost: 3 })
    expect(limiter.take('ada')).toMatchObject({ policy: 'credits', limit: 0, retryAfterMs: Infinity })
  })
})
