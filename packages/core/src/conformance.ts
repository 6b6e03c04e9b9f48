/**
 * What stores have to do, as data for any test runner:
 * `for (const { name, run } of [...storeCases, ...laws]) it(name, () => run((clock) => myStore({ clock })))`.
 */
export type { OpenStore, StoreCase } from './conformance/calls.ts'
export { type LawOptions, laws, type StoreLaw } from './conformance/laws.ts'
export { storeCases } from './conformance/store-cases.ts'
