import { shown } from './check.ts'
import type { Store } from './store.ts'

/** The names that are taken on a store, one entry for each limiter that has it. */
const claims = new WeakMap<Store, string[]>()

/**
 * Claims policy names on a store for one limiter, so that two limiters never count into each other's state by
 * accident.
 * @returns a function that gives the names back
 * @throws Error when a name is taken and the limiter does not say that it is `shared`
 */
export function claimNames(store: Store, names: readonly string[], shared: boolean): () => void {
  const taken = claims.get(store) ?? []
  const clash = shared ? undefined : names.find((name) => taken.includes(name))
  if (clash !== undefined) {
    throw new Error(
      `policy ${shown(clash)} is already open on this store: give it another name, ` +
        'or say { shared: true }; make a limiter once, not for each request',
    )
  }
  const mine = [...names]
  claims.set(store, [...taken, ...mine])
  return () => {
    const left = claims.get(store) ?? []
    for (const name of mine.splice(0)) left.splice(left.indexOf(name), 1)
  }
}
