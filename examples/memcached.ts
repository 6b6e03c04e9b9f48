// One limit for all processes, counted in Memcached. While it is away, everything passes: a choice, here.
import type { AddressInfo } from 'node:net'
import { memcachedStore } from '@sluice/core/memcached'
import { rateLimit, type RateLimitState } from '@sluice/koa'
import Koa from 'koa'
import Memcached from 'memcached'

const memcached = new Memcached(process.env.MEMCACHED_URL ?? '127.0.0.1:11211', {
  // Its defaults keep a server that failed out of use for half a minute, and for hours after the fifth failure.
  retry: 100,
  failures: Number.MAX_SAFE_INTEGER,
  retries: 0,
  timeout: 1000,
})

const app = new Koa<RateLimitState>()

app.use(
  rateLimit({
    store: memcachedStore(memcached, { timeout: '500ms' }),
    onStoreError: 'allow',
    on: {
      storeFailing: () => console.log('nothing is limited'),
      storeRecovered: ({ failingMs }) => console.log(`limiting again, after ${failingMs} ms`),
    },
    limit: 5,
    window: '10s',
  }),
)

app.use((ctx) => {
  ctx.body = `${ctx.state.rateLimit?.remaining} requests left.\n`
})

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
