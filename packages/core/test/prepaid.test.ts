/** Balances are what a ledger says, booking by booking, on every store that keeps them. */

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { chargeOf } from '../src/charges.ts'
import type { Store } from '../src/store.ts'
import { memoryStore } from '../src/stores/memory.ts'
import { clusterSetups, singleSetups, storesOn } from '../src/testing/redis-stores.ts'
import { bankOn, dealings, dealWith, type Bank } from './ledger-histories.ts'

const seed = process.env['CI'] ? 20261122 : Date.now() % 2 ** 31
const runs = Number(process.env['LAW_RUNS'] ?? 10_000)
const NOW = 1_800_000_000_000

vi.setConfig({ testTimeout: 600_000 })

/** Tries random dealings, each under keys of its own. */
async function agrees(bank: Bank, numRuns: number): Promise<void> {
  let tried = 0
  const property = fc.asyncProperty(dealings, (moves) => dealWith(bank, moves, `${tried++} `))
  await fc.assert(property, { numRuns, seed })
  expect(tried).toBeGreaterThanOrEqual(numRuns)
}

describe(`a balance is what was granted and taken, from seed ${seed}`, () => {
  it('in memory', () => agrees(bankOn(memoryStore({ clock: () => NOW })), runs))

  for (const setup of [...singleSetups, ...clusterSetups].filter(({ isOlder }) => !isOlder)) {
    describe(`on ${setup.name}`, () => {
      const open = storesOn(setup)
      it('too', async () => agrees(bankOn(open(() => NOW)), Math.ceil(runs / 20)))
    })
  }
})

type Memory = Store<'sync'>
type Give = NonNullable<Memory['grant']>

const wrong = (grantOf: (store: Memory, give: Give) => Give): Memory => {
  const store = memoryStore({ clock: () => NOW })
  return { ...store, grant: grantOf(store, store.grant as Give) }
}

/** Ways to be wrong about grants. */
const mistakes: Record<string, () => Memory> = {
  'grants twice': () => {
    let turn = 0
    return wrong((_, give) => (slot, key, units, id) => give(slot, key, units, `${id} ${turn++}`))
  },
  'takes an id of one key for that of another': () => {
    const seen = new Set<string>()
    return wrong((_, give) => (slot, key, units, id) => {
      const told = seen.has(id) ? give(slot, key, units, 'seen') : give(slot, key, units, id)
      seen.add(id)
      return told
    })
  },
  'pays off no debt': () =>
    wrong((store, give) => (slot, key, units, id) => {
      const charge = chargeOf('ask', { slot, key, cost: 0 })
      store.take([charge])
      const told = give(slot, key, units, id)
      if (told.remaining < units && told.granted && charge.remaining === 0)
        store.take([{ ...chargeOf('refund', { slot, key, cost: units - told.remaining }), at: NOW }])
      return told
    }),
  'remembers ids of accounts that are gone': () => {
    const store = memoryStore({ clock: () => NOW })
    const ids = new Set<string>()
    return {
      ...store,
      grant(slot, key, units, id) {
        const isNew = ids.size < ids.add(`${key} ${id}`).size
        return (store.grant as Give)(slot, key, units, isNew ? id : 'gone')
      },
    }
  },
}

describe('the ledger finds a store wrong that', () => {
  it.each(Object.entries(mistakes))('%s', async (_, open) => {
    await expect(agrees(bankOn(open()), 300)).rejects.toThrow(/Property failed/)
  })
})
