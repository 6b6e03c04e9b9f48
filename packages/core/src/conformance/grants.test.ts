import { describe, expect, it } from 'vitest'
import { grantCases } from '../conformance.ts'
import type { Store } from '../store.ts'
import { memoryStore } from '../stores/memory.ts'
import { laterStore } from '../testing/later-store.ts'
import type { OpenStore } from './calls.ts'

type Give = NonNullable<Store<'sync'>['grant']>

describe('a store of promises keeps balances, too', () => {
  for (const { name, run } of grantCases) it(name, () => run((clock) => laterStore(memoryStore({ clock }))))
})

/** A store whose grants go another way. */
const granting = (wrong: (give: Give) => Give) => (clock: () => number) => {
  const store = memoryStore({ clock })
  return { ...store, grant: wrong(store.grant as Give) }
}

/** Ways to be wrong about grants. */
const mutants: Record<string, OpenStore> = {
  'has no grants': (clock) => {
    const { mode, open, take, forget } = memoryStore({ clock })
    return { mode, open, take, forget }
  },
  'grants twice': granting((give) => {
    let turn = 0
    return (slot, key, units, id) => give(slot, key, units, `${id} ${turn++}`)
  }),
  'mixes up ids of another spelling': granting(
    (give) => (slot, key, units, id) => give(slot, key, units, id.normalize('NFC')),
  ),
  'reads ids as numbers': granting(
    (give) => (slot, key, units, id) => give(slot, key, units, String(Number(id) || id)),
  ),
  'sends ids as UTF-8': granting((give) => (slot, key, units, id) => {
    const sent = new TextDecoder().decode(new TextEncoder().encode(id))
    return give(slot, key, units, sent)
  }),
  'cuts ids off': granting((give) => (slot, key, units, id) => give(slot, key, units, id.slice(0, 255))),
  'takes an id of one key for that of another': granting((give) => {
    const seen = new Set<string>()
    return (slot, key, units, id) =>
      seen.size < seen.add(id).size
        ? give(slot, key, units, id)
        : { ...give(slot, key, units, id), granted: false }
  }),
  'keeps ids of what it forgot': granting((give) => {
    const seen = new Set<string>()
    return (slot, key, units, id) =>
      seen.size < seen.add(`${slot.name} ${key} ${id}`).size
        ? give(slot, key, units, id)
        : give(slot, key, units, 'gone')
  }),
  'forgets ids only': (clock) => {
    const store = memoryStore({ clock })
    let turn = 0
    return {
      ...store,
      grant: (slot, key, units, id) => (store.grant as Give)(slot, key, units, `${turn} ${id}`),
      forget: () => void turn++,
    }
  },
  'tells what there was before': granting((give) => (slot, key, units, id) => {
    const before = { ...give(slot, key, 1, 'first') }
    return { ...before, granted: give(slot, key, units, id).granted }
  }),
  'grants beyond what it can count': granting((give) => (slot, key, units, id) => {
    try {
      return give(slot, key, units, id)
    } catch {
      return { granted: true, limit: Number.MAX_SAFE_INTEGER, remaining: Number.MAX_SAFE_INTEGER }
    }
  }),
  'forgets balances after a year': (clock) => {
    const store = memoryStore({ clock })
    let last = clock()
    const take: typeof store.take = (charges) => {
      if (clock() - last > 300 * 86_400_000) for (const { slot, key } of charges) store.forget(slot, key)
      last = clock()
      return store.take(charges)
    }
    return { ...store, take }
  },
}

describe('a store of balances that', () => {
  it.each(Object.entries(mutants))('%s is caught', async (_, open) => {
    const caught: string[] = []
    for (const { name, run } of grantCases) await run(open).catch(() => caught.push(name))
    expect(caught).not.toEqual([])
  })
})
