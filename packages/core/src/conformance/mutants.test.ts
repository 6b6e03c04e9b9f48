import { describe, expect, it } from 'vitest'
import { laws, storeCases } from '../conformance.ts'
import type { Charge, Ruling, Store } from '../store.ts'
import { memoryStore } from '../stores/memory.ts'
import type { OpenStore } from './calls.ts'

const all = [...storeCases, ...laws]

type Sync = Store<'sync'>
type Take = Sync['take']

/** A store that hands its charges on changed, and their answers back. */
const changing =
  (change: (charge: Charge) => Partial<Charge>) =>
  (store: Sync): Take =>
  (charges) => {
    const others = charges.map((charge) => ({ ...charge, ...change(charge) }))
    const ruling = store.take(others)
    charges.forEach((charge, index) => {
      const { cost, allowed, remaining, retryAfterMs, resetMs } = others[index] as Charge
      Object.assign(charge, { cost, allowed, remaining, retryAfterMs, resetMs })
    })
    return ruling
  }

const taking = (take: (store: Sync) => Take) => (clock: () => number) => {
  const store = memoryStore({ clock })
  return { ...store, take: take(store) }
}

/** Ways to be wrong that stores have shown, here or elsewhere. */
const mutants: Record<string, OpenStore> = {
  'charges what it refuses': taking((store) => (charges) => {
    const ruling = store.take(charges)
    if (!ruling.allowed) store.take(charges.map((charge) => ({ ...charge, kind: 'force' })))
    return ruling
  }),
  'drops refunds': taking(changing(({ kind }) => (kind === 'refund' ? { kind: 'ask', cost: 0 } : {}))),
  'refunds whatever the receipt says': taking((store) => {
    let last = 0
    const take = changing(({ kind }) => (kind === 'refund' ? { at: last } : {}))(store)
    return (charges) => {
      const ruling = take(charges)
      last = ruling.at
      return ruling
    }
  }),
  'charges who asks': taking(changing(({ kind }) => (kind === 'ask' ? { kind: 'take' } : {}))),
  'lets a shadow refuse': taking(changing(({ kind }) => (kind === 'shadow' ? { kind: 'take' } : {}))),
  'lets a shadow go into debt': taking(changing(({ kind }) => (kind === 'shadow' ? { kind: 'force' } : {}))),
  'forces nothing into debt': taking(changing(({ kind }) => (kind === 'force' ? { kind: 'shadow' } : {}))),
  'grants the cost, never more': taking(changing(() => ({ upTo: 0 }))),
  'grants all it may': taking(changing(({ cost, upTo }) => ({ cost: Math.max(cost, upTo), upTo: 0 }))),
  'makes charges one by one': taking((store) => (charges) => {
    const rulings = charges.map((charge) => store.take([charge]))
    return { ...(rulings[0] as Ruling), allowed: rulings.every(({ allowed }) => allowed) }
  }),
  'floors waits to seconds': taking((store) => (charges) => {
    const ruling = store.take(charges)
    for (const charge of charges) charge.retryAfterMs = Math.floor(charge.retryAfterMs / 1000) * 1000
    return ruling
  }),
  'tells what was left before': taking((store) => (charges) => {
    const before = charges.map((charge) => ({ ...charge, kind: 'ask' as const, cost: 0 }))
    store.take(before)
    const ruling = store.take(charges)
    charges.forEach((charge, index) => (charge.remaining = before[index]?.remaining ?? 0))
    return ruling
  }),
  'tells the time in seconds': taking((store) => (charges) => {
    const { at, ...ruling } = store.take(charges)
    return { ...ruling, at: Math.floor(at / 1000) * 1000 }
  }),
  'mixes up keys of another spelling': taking(changing(({ key }) => ({ key: key.normalize('NFC').trim() }))),
  'cuts keys off': taking(changing(({ key }) => ({ key: key.split(/[\0\n]/)[0] ?? '' }))),
  'goes by whole seconds': (clock) => memoryStore({ clock: () => Math.floor(clock() / 1000) * 1000 }),
  'never lets time step back': (clock) => {
    let last = 0
    return memoryStore({ clock: () => (last = Math.max(last, clock())) })
  },
  'follows time that steps back': (clock) => {
    // What it holds is moved along with the clock.
    let [last, gained] = [0, 0]
    return memoryStore({
      clock() {
        gained += Math.max(0, last - clock())
        last = clock()
        return last + gained
      },
    })
  },
  'forgets nothing': (clock) => ({ ...memoryStore({ clock }), forget: () => undefined }),
  'forgets everything': (clock) => {
    const store = memoryStore({ clock })
    return { ...store, forget: () => void store.close?.() }
  },
  'shares state between names': (clock) => {
    const store = memoryStore({ clock })
    return { ...store, open: (_, algorithm) => ({ ...store.open('', algorithm), algorithm }) }
  },
  'keeps state by parameters': (clock) => {
    const store = memoryStore({ clock })
    return { ...store, open: (name, algorithm) => store.open(`${name} ${algorithm.limit}`, algorithm) }
  },
  'keeps state of all kinds together': (clock) => {
    const store = memoryStore({ clock })
    return {
      ...store,
      open: (name, algorithm) => ({ ...store.open(name, { ...algorithm, kind: 'any' }), algorithm }),
    }
  },
  'holds too few keys': (clock) => memoryStore({ clock, maxKeys: 5 }),
  'looks first and charges later': (clock): Store<'async'> => {
    const store = memoryStore({ clock })
    const take = async (charges: readonly Charge[]): Promise<Ruling> => {
      const ruling = store.take(charges.map((charge) => ({ ...charge, kind: 'ask' })))
      await Promise.resolve()
      return ruling.allowed
        ? store.take(charges.map((charge) => Object.assign(charge, { kind: 'force' })))
        : store.take(charges)
    }
    return { mode: 'async', open: store.open, take, forget: async (slot, key) => store.forget(slot, key) }
  },
}

describe('a store that', () => {
  it.each(Object.entries(mutants))('%s is caught', async (_, open) => {
    const caught: string[] = []
    for (const { name, run } of all) {
      await run(open, { histories: 20 }).catch(() => caught.push(name))
    }
    expect(caught).not.toEqual([])
  })
})
