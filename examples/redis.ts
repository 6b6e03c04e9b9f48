// One limit for all processes, counted in Redis (or Valkey): start it twice, with PORT=3000 and PORT=3001, and both
// count together. While Redis is away, each process counts by itself.
import type { AddressInfo } from 'node:net'
import { redisStore } from '@sluice/core/redis'
import { calendarWindow, rateLimit, tokenBucket } from '@sluice/express'
import express from 'express'
import { Redis } from 'ioredis'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', {
  // What got no answer may have been done all the same; sent again, or later, it would be charged twice.
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
})
redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`))

const app = express()

app.use(
  rateLimit({
    // A request waits for Redis for so long at the most, and then counts as `onStoreError` says. Default: 100 ms.
    store: redisStore(redis, { timeout: '500ms' }),
    onStoreError: 'local',
    on: {
      storeFailing: () => console.log('counting in this process'),
      storeRecovered: ({ failingMs }) => console.log(`counting in Redis again, after ${failingMs} ms`),
    },
    policies: [
      { name: 'burst', algorithm: tokenBucket({ capacity: 5, refill: 1, per: '2s' }) },
      { name: 'daily', algorithm: calendarWindow({ limit: 1000, every: 'day' }) },
    ],
  }),
)

app.get('/', (req, res) => {
  res.send(`${req.rateLimit?.remaining} requests left, says the ${req.rateLimit?.source}.\n`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
