import { it } from 'vitest'
import { grantCases, laws, type OpenStore, storeCases } from '../conformance.ts'

/** Histories of 20 calls each: 2,200 decisions of each kind of algorithm beside the memory store's. */
const HISTORIES = 110

/** The tests that every store has to pass that keeps balances, for a `describe`. */
export function balancesOf(open: OpenStore): void {
  for (const { name, run } of grantCases) it(name, () => run(open))
}

/** The tests that every store has to pass, for a `describe`. */
export function conformanceOf(open: OpenStore, histories: number = HISTORIES): void {
  for (const { name, run } of storeCases) it(name, () => run(open))
  for (const { name, run } of laws)
    it(name, () => run(open, { histories: name.startsWith('L6') ? histories : Math.ceil(histories / 4) }))
}
