import { shown } from './check.ts'
import type { Store } from './store.ts'

/** The names that are taken on a store, one entry for each limiter that has it. */
const claims = new WeakMap<Store, readonly string[]>()

/**
 * Claims policy names on a store for one limiter, in place of those that it has `held`, so that two limiters never
 * count into each other's state by accident.
 * @returns a function that makes the change
 * @throws Error when a name is taken and the limiter does not say that it is `shared`
 */
export function claimNames(
  store: Store,
  held: readonly string[],
  names: readonly string[],
  shared: boolean,
): () => void {
  const others = [...(claims.get(store) ?? [])]
  for (const name of held) others.splice(others.indexOf(name), 1)
  const clash = shared ? undefined : names.find((name) => others.includes(name))
  if (clash !== undefined) {
    throw new Error(
      `policy ${shown(clash)} is already open on this store: give it another name, ` +
        'or say { shared: true }; make a limiter once, not for each request',
    )
  }
  return () => void claims.set(store, [...others, ...names])
}
