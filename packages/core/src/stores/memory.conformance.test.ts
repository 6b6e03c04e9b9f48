import { describe, it } from 'vitest'
import { grantCases, laws, storeCases } from '../conformance.ts'
import { memoryStore } from './memory.ts'

describe('the memory store', () => {
  for (const { name, run } of [...storeCases, ...grantCases, ...laws])
    it(name, () => run((clock) => memoryStore({ clock })))
})
