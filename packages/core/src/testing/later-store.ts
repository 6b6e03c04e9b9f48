import type { Store } from '../store.ts'

/** A store that answers with promises, as one across a network does. */
export interface LaterStore extends Store<'async'> {
  /** Calls wait for this before they are done. */
  until: Promise<unknown> | undefined
  /** Calls fail with this instead of being done. */
  failing: Error | undefined
}

/** Makes a store of promises out of one that answers at once. */
export function laterStore(store: Store<'sync'>): LaterStore {
  async function later<T>(run: () => T): Promise<T> {
    await self.until
    if (self.failing !== undefined) throw self.failing
    return run()
  }
  const self: LaterStore = {
    mode: 'async',
    until: undefined,
    failing: undefined,
    open: (name, algorithm) => store.open(name, algorithm),
    take: (charges) => later(() => store.take(charges)),
    grant: (slot, key, units, id) =>
      later(() => (store.grant as NonNullable<typeof store.grant>)(slot, key, units, id)),
    forget: (slot, key) => later(() => store.forget(slot, key)),
    close: () => store.close?.(),
  }
  return self
}
