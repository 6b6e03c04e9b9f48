export type { RedisClient } from './clients.ts'
export type { RedisStoreOptions } from './options.ts'
export type { RedisPort } from './port.ts'
export { redisStore } from './store.ts'
