import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { createLimiter } from '../limiter.ts'
import type { Limiter } from '../limiter-types.ts'
import { heapGrowth } from '../testing/heap.ts'
import { type MemoryStoreOptions, memoryStore } from './memory.ts'
import type { Evicted } from './memory-tables.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const five = slidingLog({ limit: 5, window: '1h' })

function world(options: MemoryStoreOptions): {
  limiter: Limiter<'sync', 'default'>
  clock: { now: number }
  evicted: Evicted[]
} {
  const clock = { now: noon }
  const evicted: Evicted[] = []
  const onEvicted = (event: Evicted): number => evicted.push(event)
  const store = memoryStore({ clock: () => clock.now, onEvicted, ...options })
  return { limiter: createLimiter({ algorithm: five, store }), clock, evicted }
}

const keys = (count: number, name = 'key'): string[] =>
  Array.from({ length: count }, (_, at) => `${name} ${at}`)

describe('maxKeys', () => {
  it('bounds the keys that are held, and tells of each that had to go', () => {
    const { limiter, evicted } = world({ maxKeys: 100 })
    const all = keys(1000)
    for (const key of all) limiter.take(key)
    const held = all.filter((key) => limiter.peek(key, { cost: 0 }).used > 0)
    expect(held.length).toBe(100)
    expect(evicted.length).toBe(900)
    expect(new Set([...held, ...evicted.map(({ key }) => key)]).size).toBe(1000)
    expect(evicted[0]).toEqual({ policy: 'default', key: expect.any(String), exhausted: false })
  })

  it('lets no attacker free exhausted keys: not with ten times as many fresh ones', () => {
    const { limiter, evicted } = world({ maxKeys: 1000 })
    // One in six, so that a sample of exhausted ones alone is not to be seen: 10,000 / 6 ** 16.
    for (const [at, key] of keys(1000).entries()) limiter.take(key, { cost: at % 6 === 0 ? 5 : 1 })
    const exhausted = keys(1000).filter((_, at) => at % 6 === 0)
    for (const key of keys(10_000, 'attack')) limiter.take(key)
    expect(evicted.length).toBe(10_000)
    expect(exhausted.filter((key) => limiter.take(key).allowed)).toEqual([])
  })

  it('gives up the key with most remaining of those it looks at', () => {
    const { limiter, evicted } = world({ maxKeys: 4 })
    for (const [key, cost] of [
      ['four', 4],
      ['two', 2],
      ['three', 3],
      ['five', 5],
    ] as const)
      limiter.take(key, { cost })
    limiter.take('another', { cost: 4 })
    expect(evicted.map(({ key }) => key)).toEqual(['two'])
    limiter.take('one', { cost: 1 })
    expect(evicted.map(({ key }) => key)).toEqual(['two', 'one'])
  })

  it('gives up an exhausted key only among exhausted ones: the one that resets soonest', () => {
    const { limiter, clock, evicted } = world({ maxKeys: 3 })
    for (const key of ['first', 'second', 'third', 'fourth']) {
      limiter.take(key, { cost: 5 })
      clock.now += 1000
    }
    expect(evicted).toEqual([{ policy: 'default', key: 'first', exhausted: true }])
  })

  it('gives up an expired key before any other, and tells nobody', () => {
    const { limiter, clock, evicted } = world({ maxKeys: 3 })
    limiter.take('over')
    clock.now += 3_600_000
    for (const key of ['a', 'b', 'c']) limiter.take(key, { cost: 5 })
    expect(evicted).toEqual([])
    expect(['a', 'b', 'c'].filter((key) => limiter.take(key).allowed)).toEqual([])
  })

  it('is over all policies: the one with most keys gives one up', () => {
    const evicted: Evicted[] = []
    const store = memoryStore({ maxKeys: 20, clock: () => noon, onEvicted: (event) => evicted.push(event) })
    const few = createLimiter({ store, name: 'few', algorithm: five })
    const many = createLimiter({
      store,
      name: 'many',
      algorithm: tokenBucket({ capacity: 9, refill: 1, per: '1h' }),
    })
    for (const key of keys(5)) few.take(key)
    for (const key of keys(100)) many.take(key)
    expect(new Set(evicted.map(({ policy }) => policy))).toEqual(new Set(['many']))
    expect(evicted.length).toBe(85)
  })

  it('counts a key once, and frees its place when it is reset', () => {
    const { limiter, evicted } = world({ maxKeys: 2 })
    for (let call = 0; call < 5; call++) limiter.take('ada')
    limiter.take('bob')
    limiter.reset('ada')
    limiter.take('eve')
    expect(evicted).toEqual([])
    limiter.resetAll()
    for (const key of ['a', 'b']) limiter.take(key)
    expect(evicted).toEqual([])
    limiter.take('c')
    expect(evicted.length).toBe(1)
  })

  it('judges a key by the smallest plan that its policy has', () => {
    const { limiter, evicted } = world({ maxKeys: 80 })
    const large = slidingLog({ limit: 1000, window: '1h' })
    for (const key of keys(10, 'free')) limiter.take(key, { cost: 5 })
    for (const key of keys(800, 'attack')) limiter.decide([{ policy: 'default', key, algorithm: large }])
    expect(evicted.filter(({ key }) => key.startsWith('free'))).toEqual([])
  })
})

describe('keys of several plans', () => {
  const plans: [string, Algorithm, Algorithm][] = [
    ['windows', fixedWindow({ limit: 100, window: '1h' }), fixedWindow({ limit: 1000, window: '1s' })],
    [
      'sliding windows',
      slidingWindow({ limit: 100, window: '1h' }),
      slidingWindow({ limit: 1000, window: '1s' }),
    ],
    ['limits', slidingWindow({ limit: 5, window: '1h' }), slidingWindow({ limit: 0, window: '1h' })],
  ]

  it.each(plans)('are judged by their own: %s', (_, own, others) => {
    const evicted: Evicted[] = []
    const clock = { now: noon }
    const onEvicted = (event: Evicted): void => void evicted.push(event)
    const store = memoryStore({ maxKeys: 200, clock: () => clock.now, onEvicted })
    const limiter = createLimiter({ algorithm: own, store })
    // One in eight, so that a sample of these alone is not to be seen: 2,000 / 8 ** 16.
    for (let key = 0; key < 25; key++) limiter.take(`used up ${key}`, { cost: own.limit })
    limiter.decide([{ policy: 'default', key: 'other', algorithm: others }])
    clock.now += 10_000
    for (let key = 0; key < 2000; key++) limiter.take(`new ${key}`)
    expect(evicted.length).toBeGreaterThan(1800)
    expect(evicted.filter(({ key }) => key.startsWith('used up'))).toEqual([])
  })
})

describe('expired keys', () => {
  it('are swept by the calls that follow, whatever keys they are for', () => {
    const { limiter, clock } = world({})
    const short = fixedWindow({ limit: 5, window: 10 })
    limiter.update({ algorithm: short })
    const grown = heapGrowth(() => {
      for (let key = 0; key < 1_000_000; key++) {
        if (key % 100 === 0) clock.now++
        limiter.take(`visitor ${key}`)
      }
    })
    expect(grown).toBeLessThan(8_000_000)
  })

  it('are swept when nothing new comes, too', () => {
    const { limiter, clock } = world({})
    for (const key of keys(20_000)) limiter.take(key)
    clock.now += 3_600_000
    const freed = -heapGrowth(() => {
      for (let call = 0; call < 16 * 20_000; call++) limiter.peek('nobody')
    })
    expect(freed).toBeGreaterThan(2_000_000)
  })
})
