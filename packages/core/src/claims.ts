import type { Store } from './store.ts'

const claims = new WeakMap<Store, Map<string, number>>()

/**
 * Claims policy names on a store for one limiter, so that two limiters never count into each other's state by
 * accident.
 * @returns a function that gives the names back
 * @throws Error when a name is taken and the limiter does not say that it is `shared`
 */
export function claimNames(store: Store, names: readonly string[], shared: boolean): () => void {
  const taken = claims.get(store) ?? new Map<string, number>()
  claims.set(store, taken)
  const clash = shared ? undefined : names.find((name) => taken.has(name))
  if (clash !== undefined) {
    throw new Error(
      `another limiter on this store has a policy named '${clash}': give it a name or a prefix, or say { shared: true } ` +
        'if both count together; make a limiter once, not for each request',
    )
  }
  for (const name of names) taken.set(name, (taken.get(name) ?? 0) + 1)
  return () => {
    for (const name of names) {
      const left = (taken.get(name) ?? 0) - 1
      if (left > 0) taken.set(name, left)
      else taken.delete(name)
    }
  }
}
