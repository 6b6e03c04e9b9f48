import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { Pool } from 'pg'
import {
  type IRateLimiterOptions,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  type RateLimiterStoreAbstract,
} from 'rate-limiter-flexible'
import { redisOfRun } from '../../../../scripts/servers/of-run.ts'
import { newestKinds } from './redis-clients.ts'
import { newPrefix } from './redis-stores.ts'

type Made = RateLimiterMemory | RateLimiterStoreAbstract

/** Somewhere that limiters of rate-limiter-flexible count. */
export interface FlexiblePlace {
  /** A limiter with keys of its own. */
  make(options: IRateLimiterOptions): Promise<Made>
  close(): Promise<void>
}

/** A PostgreSQL of this process alone, asked by `pg` over a socket. */
export async function openPostgres(): Promise<FlexiblePlace & { url: string; stop(): Promise<void> }> {
  const db = await PGlite.create()
  const server = new PGLiteSocketServer({ db, port: 0 })
  await server.start()
  const url = `postgres://postgres@${server.getServerConn()}/postgres`
  // All its connections are one session, where names of statements would collide.
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('error', () => undefined)
  return {
    url,
    make: (options) =>
      new Promise((resolve, reject) => {
        const given = { storeClient: pool, tableName: 'limits', keyPrefix: newPrefix(), ...options }
        const limiter = new RateLimiterPostgres(given, (error) => (error ? reject(error) : resolve(limiter)))
      }),
    stop: () => server.stop(),
    async close() {
      await pool.end()
      await server.stop()
      await db.close()
    },
  }
}

/** The places, by name. */
export const flexiblePlaces: Record<string, () => Promise<FlexiblePlace>> = {
  RateLimiterMemory: async () => ({
    make: async (options) => new RateLimiterMemory(options),
    close: async () => undefined,
  }),
  ...Object.fromEntries(
    newestKinds.map(({ name, single }) => [
      `RateLimiterRedis by ${name}`,
      async (): Promise<FlexiblePlace> => {
        const { client, close } = await single(await redisOfRun())
        const useRedisPackage = name.startsWith('node-redis')
        return {
          make: async (options) =>
            new RateLimiterRedis({
              storeClient: client,
              useRedisPackage,
              keyPrefix: newPrefix(),
              ...options,
            }),
          close,
        }
      },
    ]),
  ),
  'RateLimiterPostgres by pg': openPostgres,
}
