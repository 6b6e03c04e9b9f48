import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { answerOf, call, open, same, type StoreCase, storeCase } from './calls.ts'
import { chargeCases } from './charge-cases.ts'
import { timeCases } from './time-cases.ts'

const ten = (): ReturnType<typeof slidingLog> => slidingLog({ limit: 10, window: '1m' })

/** Keys that break protocols, patterns and paths, each of which has to be a key of its own. */
const HOSTILE_KEYS = [
  'a b',
  'a\nb',
  'a\r\nget b',
  'a\0b',
  '{a}b',
  '{}',
  '*',
  'a:b',
  '🔑',
  '\ud800',
  '__proto__',
  'é'.normalize('NFC'),
  'é'.normalize('NFD'),
  'long'.repeat(2500),
]

/** What every store does, case by case. */
export const storeCases: readonly StoreCase[] = [
  storeCase('admits exactly the limit, then refuses with the exact wait', async (store, clock) => {
    const slot = open(store, ten())
    for (let left = 9; left >= 0; left--) {
      const { ruling, charges } = await call(store, { slot })
      same('allowed', ruling.allowed, true)
      same('remaining', charges[0]?.remaining, left)
      clock.now += 100
    }
    const { ruling, charges } = await call(store, { slot })
    same('allowed', ruling.allowed, false)
    same('answer', charges.map(answerOf), [
      { allowed: false, remaining: 0, retryAfterMs: 59_000, resetMs: 59_900 },
    ])
    same('at', ruling.at, clock.now)
    same('source', ruling.source, 'store')
  }),

  storeCase('charges nothing for what it refuses, asks, or gets for nothing', async (store) => {
    const slot = open(store, ten())
    await call(store, { slot, cost: 7 })
    await call(store, { slot, cost: 5 })
    await call(store, { slot, cost: 0 })
    await call(store, { slot, cost: 3, kind: 'ask' })
    same('remaining', (await call(store, { slot, cost: 3 })).charges[0]?.remaining, 0)
  }),

  storeCase('makes all charges of a call or none', async (store) => {
    const wide = open(store, ten(), 'wide')
    const narrow = open(store, fixedWindow({ limit: 2, window: '1m' }), 'narrow')
    await call(store, { slot: narrow, cost: 2 })
    const refused = await call(store, { slot: wide, cost: 4 }, { slot: narrow })
    same('allowed', refused.ruling.allowed, false)
    same(
      'what each had room for',
      refused.charges.map((charge) => charge.allowed),
      [true, false],
    )
    same('remaining of what had room', refused.charges[0]?.remaining, 10)
    same('remaining afterwards', (await call(store, { slot: wide, cost: 10 })).charges[0]?.remaining, 0)
  }),

  storeCase('gives the same answers in whatever order charges are listed', async (store) => {
    const slots = [
      open(store, ten(), 'a'),
      open(store, fixedWindow({ limit: 3, window: '1s' }), 'b'),
    ] as const
    const one = await call(store, { slot: slots[0], key: 'x' }, { slot: slots[1], key: 'x' })
    const other = await call(store, { slot: slots[1], key: 'y' }, { slot: slots[0], key: 'y' })
    same('answers', other.charges.map(answerOf).toReversed(), one.charges.map(answerOf))
  }),

  storeCase('lets a shadow count and report, never refuse', async (store) => {
    const shadow = open(store, fixedWindow({ limit: 1, window: '1m' }), 'shadow')
    const slot = open(store, ten())
    await call(store, { slot: shadow, kind: 'shadow' })
    const second = await call(store, { slot: shadow, kind: 'shadow' }, { slot })
    same('allowed', second.ruling.allowed, true)
    same(
      'what each had room for',
      second.charges.map((charge) => charge.allowed),
      [false, true],
    )
  }),

  storeCase('counts exactly up to 2^53 - 1', async (store) => {
    const most = Number.MAX_SAFE_INTEGER
    const slot = open(store, fixedWindow({ limit: most, window: '1m' }))
    const figures = async (cost: number): Promise<unknown> => {
      const { ruling, charges } = await call(store, { slot, cost })
      return [ruling.allowed, charges[0]?.remaining]
    }
    same('nothing', await figures(0), [true, most])
    same('one', await figures(1), [true, most - 1])
    same('all but thirty', await figures(most - 31), [true, 30])
    same('too many', await figures(31), [false, 30])
    same('the rest', await figures(30), [true, 0])
  }),

  storeCase('tells state apart by name, kind and key, not by parameters', async (store) => {
    const small = open(store, fixedWindow({ limit: 100, window: '1m' }))
    const large = open(store, fixedWindow({ limit: 1000, window: '1m' }))
    await call(store, { slot: small, cost: 100 })
    same('upgraded', (await call(store, { slot: large, cost: 0 })).charges[0]?.remaining, 900)
    same('another key', (await call(store, { slot: large, key: 'b', cost: 0 })).charges[0]?.remaining, 1000)
    const named = open(store, fixedWindow({ limit: 100, window: '1m' }), 'other')
    same('another name', (await call(store, { slot: named, cost: 0 })).charges[0]?.remaining, 100)
    const kind = open(store, slidingWindow({ limit: 100, window: '1m' }))
    same('another kind', (await call(store, { slot: kind, cost: 0 })).charges[0]?.remaining, 100)
  }),

  storeCase('forgets one key, or all of a name and kind', async (store) => {
    const slot = open(store, ten())
    const other = open(store, ten(), 'other')
    for (const key of ['a', 'b', 'c']) await call(store, { slot, key }, { slot: other, key })
    await store.forget(slot, 'a')
    same('a', (await call(store, { slot, key: 'a', cost: 0 })).charges[0]?.remaining, 10)
    same('b', (await call(store, { slot, key: 'b', cost: 0 })).charges[0]?.remaining, 9)
    await store.forget(slot, undefined)
    same('all', (await call(store, { slot, key: 'c', cost: 0 })).charges[0]?.remaining, 10)
    same('other', (await call(store, { slot: other, key: 'a', cost: 0 })).charges[0]?.remaining, 9)
  }),

  storeCase('takes any text as a key of its own', async (store) => {
    const slot = open(store, ten())
    for (const [index, key] of HOSTILE_KEYS.entries()) await call(store, { slot, key, cost: (index % 9) + 1 })
    for (const [index, key] of HOSTILE_KEYS.entries()) {
      const { charges } = await call(store, { slot, key, cost: 0 })
      same(`remaining of key ${index}`, charges[0]?.remaining, 9 - (index % 9))
    }
  }),

  storeCase('admits exactly the limit to calls made at once', async (store) => {
    const slot = open(store, ten())
    const calls = await Promise.all(Array.from({ length: 50 }, () => call(store, { slot })))
    same('allowed', calls.filter(({ ruling }) => ruling.allowed).length, 10)
  }),

  ...chargeCases,
  ...timeCases,
]
