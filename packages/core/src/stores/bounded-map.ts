/** A map of text that never holds more than so many keys: the one set longest ago goes first. */
export interface BoundedMap<V> {
  readonly size: number
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  clear(): void
}

/**
 * Makes a bounded map.
 *
 * Keys stand in a ring in the order in which they were set. A `Map` alone would do as a queue, but looking for its first
 * key steps over all that were deleted before it.
 */
export function boundedMap<V>(maxKeys: number): BoundedMap<V> {
  const entries = new Map<string, { readonly value: V; readonly place: number }>()
  const ring: string[] = []
  let next = 0

  return {
    get size() {
      return entries.size
    },
    get: (key) => entries.get(key)?.value,
    set(key, value) {
      const place = next
      next = (next + 1) % maxKeys
      const before = ring[place]
      // A key that was set again stands elsewhere by now.
      if (before !== undefined && entries.get(before)?.place === place) entries.delete(before)
      ring[place] = key
      entries.set(key, { value, place })
    },
    delete(key) {
      entries.delete(key)
    },
    clear() {
      entries.clear()
      ring.length = 0
      next = 0
    },
  }
}
