/** An item as it was read, with what proves later that nobody changed it since. */
export interface MemcachedItem {
  readonly value: string
  readonly cas: unknown
}

/** What there was when a key was read. */
export interface Found {
  readonly item: MemcachedItem | undefined
}

/**
 * What a client of Memcached has to do; a few lines around one that is not known here. A promise that is rejected
 * means that the server could not be asked; a `TypeError` or `RangeError` among them means a mistake in a program.
 *
 * Keys are printable ASCII without blanks, at most `maxKeyBytes` long, and have to reach the server as they are.
 * Values are ASCII, and have to be stored as text. `ttlSeconds` has to reach the server as it is: above 2,592,000
 * it is a time since 1970.
 */
export interface MemcachedPort {
  /** `gets`: `undefined` where there is no such item. */
  gets(key: string): PromiseLike<MemcachedItem | undefined>
  /** `cas`: `false` where the item was changed or is gone since it was read. */
  cas(key: string, value: string, ttlSeconds: number, cas: unknown): PromiseLike<boolean>
  /** `add`: `false` where there is such an item. */
  add(key: string, value: string, ttlSeconds: number): PromiseLike<boolean>
  /** `incr`: the new value; `undefined` where there is no such item, or it is no number. */
  incr(key: string, by: number): PromiseLike<number | undefined>
  delete(key: string): PromiseLike<unknown>
  /** Bytes that a key may have. Default 250. */
  readonly maxKeyBytes?: number
}
