export type { MemcachedClient } from './npm-client.ts'
export type { MemcachedStoreOptions } from './options.ts'
export type { MemcachedItem, MemcachedPort } from './port.ts'
export { memcachedStore } from './store.ts'
