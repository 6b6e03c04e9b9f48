// Limits in a Redis Cluster. Both policies of one client are decided on one server, since they have one key; the limit
// for everyone may be on another. Each decision asks both at the same time, and charges all policies or none.
import { serve } from '@hono/node-server'
import { redisStore } from '@sluice/core/redis'
import { byIp, fixedWindow, rateLimit, type RateLimitVariables, tokenBucket } from '@sluice/hono'
import { Hono } from 'hono'
import { createCluster } from 'redis'

const nodes = process.env.REDIS_NODES ?? '127.0.0.1:7000,127.0.0.1:7001,127.0.0.1:7002'
const redis = createCluster({
  rootNodes: nodes.split(',').map((node) => ({ url: `redis://${node}` })),
  defaults: {
    disableOfflineQueue: true,
    socket: { reconnectStrategy: (tries) => Math.min(tries * 50, 1000) },
  },
})
redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`))
await redis.connect()

const app = new Hono<{ Variables: RateLimitVariables }>()

app.use(
  rateLimit({
    store: redisStore(redis, { timeout: '500ms' }),
    policies: [
      { name: 'burst', algorithm: tokenBucket({ capacity: 5, refill: 1, per: '2s' }), key: byIp() },
      { name: 'daily', algorithm: fixedWindow({ limit: 1000, window: '1d' }), key: byIp() },
      {
        name: 'everyone',
        algorithm: tokenBucket({ capacity: 500, refill: 500, per: '1s' }),
        key: () => 'all',
      },
    ],
  }),
)

app.get('/', (c) => {
  const left = c.get('rateLimit')?.policies.map(({ name, remaining }) => `${name} ${remaining}`)
  return c.text(`Left: ${left?.join(', ')}\n`)
})

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}`)
})
