/**
 * What stores have to do, as data for any test runner:
 * `for (const { name, run } of [...storeCases, ...laws]) it(name, () => run((clock) => myStore({ clock })))`; and
 * `grantCases` for those that have `grant`.
 */
export type { OpenStore, StoreCase } from './conformance/calls.ts'
export { grantCases } from './conformance/grant-cases.ts'
export { type LawOptions, laws, type StoreLaw } from './conformance/laws.ts'
export { storeCases } from './conformance/store-cases.ts'
