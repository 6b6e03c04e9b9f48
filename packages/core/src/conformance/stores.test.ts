import { describe, expect, it } from 'vitest'
import { laws, storeCases } from '../conformance.ts'
import type { Charge } from '../store.ts'
import { memoryStore } from '../stores/memory.ts'
import { laterStore } from '../testing/later-store.ts'
import type { OpenStore } from './calls.ts'

const all = [...storeCases, ...laws]

describe('a store of promises', () => {
  for (const { name, run } of all) it(name, () => run((clock) => laterStore(memoryStore({ clock }))))

  it('may take its time to open', async () => {
    const open: OpenStore = async (clock) => Promise.resolve(memoryStore({ clock }))
    await storeCases[0]?.run(open)
    await laws[0]?.run(open, { histories: 2, seed: 7 })
  })
})

describe('what a case says of a wrong store', () => {
  const wrong =
    (spoil: (charge: Charge) => void): OpenStore =>
    (clock) => {
      const store = memoryStore({ clock })
      return {
        ...store,
        take(charges) {
          const ruling = store.take(charges)
          charges.forEach(spoil)
          return ruling
        },
      }
    }

  it('is what it expected, and what it got', async () => {
    const open = wrong((charge) => charge.remaining++)
    await expect(storeCases[0]?.run(open)).rejects.toThrow('remaining: expected 9, got 10')
  })

  it('has the history that led there, so that it can be told again', async () => {
    const open = wrong((charge) => charge.retryAfterMs--)
    const failure = laws[0]?.run(open, { seed: 3 })
    await expect(failure).rejects.toThrow(/^history \d+ of seed 3$/)
    await expect(failure).rejects.toHaveProperty('cause.message', expect.stringMatching(/expected .*, got /))
  })

  it('comes after the store was closed', async () => {
    let closed = 0
    const open: OpenStore = (clock) => ({ ...memoryStore({ clock, maxKeys: 1 }), close: () => void closed++ })
    for (const { run } of all) await run(open, { histories: 1 }).catch(() => undefined)
    expect(closed).toBe(all.length)
  })
})
