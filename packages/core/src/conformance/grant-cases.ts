import { fixedWindow } from '../algorithms/fixed-window.ts'
import { prepaid } from '../algorithms/prepaid.ts'
import type { Grant } from '../store.ts'
import type { Slot, Store } from '../store.ts'
import { memoryStore } from '../stores/memory.ts'
import { answerOf, call, open, same, type StoreCase, storeCase } from './calls.ts'
import { randomOf } from './random.ts'

const MOST = Number.MAX_SAFE_INTEGER

/** Ids that stores may mix up, each of which has to be an id of its own. */
const HOSTILE_IDS = [
  'a b',
  'a\nb',
  'a\0b',
  '{a}',
  '%7ba%7d',
  '*',
  '🔑',
  '\ud800',
  '\udbff',
  '__proto__',
  'é'.normalize('NFC'),
  'é'.normalize('NFD'),
  '1',
  '01',
  'x'.repeat(256),
  `${'x'.repeat(255)}y`,
]

/** Grants units to a key, where the store can. */
async function grant(store: Store, slot: Slot, units: number, id: string, key = 'key'): Promise<Grant> {
  if (!store.grant) throw new Error('the store has no grant()')
  return store.grant(slot, key, units, id)
}

async function left(store: Store, slot: Slot, key = 'key'): Promise<number | undefined> {
  return (await call(store, { slot, key, cost: 0 })).charges[0]?.remaining
}

const told = (granted: boolean, limit: number, remaining: number): Grant => ({ granted, limit, remaining })

/** What stores that keep balances do besides: those that have `grant`. */
export const grantCases: readonly StoreCase[] = [
  storeCase('grants once for each id of a key', async (store) => {
    const slot = open(store, prepaid())
    same('the first', await grant(store, slot, 5, 'a'), told(true, 5, 5))
    same('again', await grant(store, slot, 5, 'a'), told(false, 5, 5))
    same('more, again', await grant(store, slot, 9, 'a'), told(false, 5, 5))
    same('another id', await grant(store, slot, 2, 'b'), told(true, 7, 7))
    same('another key', await grant(store, slot, 3, 'a', 'other'), told(true, 3, 3))
    const other = open(store, prepaid(), 'other')
    same('another name', await grant(store, other, 4, 'a'), told(true, 4, 4))
    same(
      'left',
      [await left(store, slot), await left(store, slot, 'other'), await left(store, other)],
      [7, 3, 4],
    )
  }),

  storeCase('gives what was granted and no more, however long one waits', async (store, clock) => {
    const slot = open(store, prepaid())
    const figures = async (cost: number): Promise<unknown> => {
      const { ruling, charges } = await call(store, { slot, cost })
      const { remaining, limit, retryAfterMs, resetMs } = charges[0] ?? {}
      return [ruling.allowed, remaining, limit, retryAfterMs, resetMs]
    }
    same('nothing', await figures(1), [false, 0, 0, Infinity, 0])
    await grant(store, slot, 5, 'a')
    same('a part', await figures(3), [true, 2, 5, 0, Infinity])
    same('too much', await figures(3), [false, 2, 5, Infinity, Infinity])
    clock.now += 366 * 86_400_000
    same('a year later', await figures(3), [false, 2, 5, Infinity, Infinity])
    same('the rest', await figures(2), [true, 0, 5, 0, Infinity])
    clock.now += 366 * 86_400_000
    same('another year later', await figures(1), [false, 0, 5, Infinity, Infinity])
    same('the id', await grant(store, slot, 5, 'a'), told(false, 5, 0))
  }),

  storeCase('has a grant pay off what is owed, and takes back what was taken before it', async (store) => {
    const slot = open(store, prepaid())
    await grant(store, slot, 5, 'a')
    const { ruling } = await call(store, { slot, cost: 4 })
    await call(store, { slot, cost: 9, kind: 'force' })
    same('of which some is owed', await grant(store, slot, 10, 'b'), told(true, 10, 2))
    await call(store, { slot, cost: 9, kind: 'refund', at: ruling.at })
    same('given back', await left(store, slot), 11)
    const { charges } = await call(store, { slot, cost: 0 })
    same('the most there was', charges[0]?.limit, 11)
  }),

  storeCase('grants an id once to calls made at once', async (store) => {
    const slot = open(store, prepaid())
    const grants = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => grant(store, slot, 3, `${turn % 5}`)),
    )
    same('granted', grants.filter(({ granted }) => granted).length, 5)
    const takes = await Promise.all(Array.from({ length: 50 }, () => call(store, { slot })))
    same('taken', takes.filter(({ ruling }) => ruling.allowed).length, 15)
  }),

  storeCase('takes nothing from a balance where a window refuses, and the other way round', async (store) => {
    const slot = open(store, prepaid(), 'credits')
    const window = open(store, fixedWindow({ limit: 4, window: '1m' }), 'window')
    await grant(store, slot, 10, 'a')
    same('both', (await call(store, { slot, cost: 3 }, { slot: window, cost: 3 })).ruling.allowed, true)
    same(
      'the window',
      (await call(store, { slot, cost: 3 }, { slot: window, cost: 3 })).ruling.allowed,
      false,
    )
    same('left', await left(store, slot), 7)
    same('the balance', (await call(store, { slot, cost: 8 }, { slot: window })).ruling.allowed, false)
    same('left of both', [await left(store, slot), await left(store, window)], [7, 1])
  }),

  storeCase('forgets a balance with the ids of its grants, or all of a name', async (store) => {
    const slot = open(store, prepaid())
    const other = open(store, prepaid(), 'policy:other')
    for (const key of ['a', 'b']) await grant(store, slot, 5, 'id', key)
    await grant(store, other, 5, 'id', 'a')
    await store.forget(slot, 'a')
    same('left', [await left(store, slot, 'a'), await left(store, slot, 'b')], [0, 5])
    same('granted anew', await grant(store, slot, 2, 'id', 'a'), told(true, 2, 2))
    same('not forgotten', await grant(store, slot, 2, 'id', 'b'), told(false, 5, 5))
    await store.forget(slot, undefined)
    same('left of all', [await left(store, slot, 'a'), await left(store, slot, 'b')], [0, 0])
    same('all granted anew', await grant(store, slot, 2, 'id', 'b'), told(true, 2, 2))
    same('another name', await grant(store, other, 2, 'id', 'a'), told(false, 5, 5))
  }),

  storeCase('counts balances exactly up to 2^53 - 1, and refuses what is beyond', async (store) => {
    const slot = open(store, prepaid())
    same('all but two', await grant(store, slot, MOST - 2, 'a'), told(true, MOST - 2, MOST - 2))
    const error = await grant(store, slot, 3, 'b').catch((thrown: unknown) => thrown)
    same('too much', error instanceof RangeError, true)
    same('the rest', await grant(store, slot, 2, 'b'), told(true, MOST, MOST))
    same('taken', (await call(store, { slot, cost: MOST - 31 })).charges[0]?.remaining, 31)
    same('told again', await grant(store, slot, MOST, 'a'), told(false, MOST, 31))
  }),

  storeCase('takes any text as an id of its own', async (store) => {
    const slot = open(store, prepaid())
    for (const [index, id] of HOSTILE_IDS.entries())
      same(`id ${index}`, await grant(store, slot, 1, id), told(true, index + 1, index + 1))
    for (const [index, id] of HOSTILE_IDS.entries())
      same(`id ${index} again`, (await grant(store, slot, 1, id)).granted, false)
  }),

  storeCase('answers as memory does, whatever is done to balances', async (store, clock) => {
    const memory = memoryStore({ clock: () => clock.now })
    const random = randomOf(20_261_122)
    const [own, theirs] = [store, memory].map((of) => open(of, prepaid())) as [Slot, Slot]
    let lastAt = 0
    for (let step = 0; step < 400; step++) {
      clock.now += random.pick([0, 1, 1000, 86_400_000, -500])
      const key = random.pick(['a', 'b'])
      if (random.int(0, 3) === 0) {
        const [units, id] = [random.int(1, 20), String(random.int(1, 40))]
        const expected = await grant(memory, theirs, units, id, key)
        same(`grant ${step}`, await grant(store, own, units, id, key), expected)
        continue
      }
      const kind = random.pick(['take', 'take', 'take', 'ask', 'shadow', 'force', 'refund'] as const)
      const part = { key, kind, cost: random.int(0, 8), at: kind === 'refund' ? lastAt : 0 }
      const got = await call(store, { slot: own, ...part })
      const expected = await call(memory, { slot: theirs, ...part })
      same(`allowed ${step}`, got.ruling.allowed, expected.ruling.allowed)
      same(`answer ${step}`, got.charges.map(answerOf), expected.charges.map(answerOf))
      same(`limit ${step}`, got.charges[0]?.limit, expected.charges[0]?.limit)
      lastAt = got.ruling.at
    }
  }),
]
