/** Another limiter and clients of servers, for tests outside of this package. */

export { default as Memcached } from 'memcached'
export { Redis } from 'ioredis'
export * as flexible from 'rate-limiter-flexible'
