import { describe, expect, it } from 'vitest'
import { laws, storeCases } from '../conformance.ts'
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
