// Two limits decided together: bursts of five, and twenty a day. A request that one of them refuses costs nothing
// of the other.
import { serve } from '@hono/node-server'
import { calendarWindow, rateLimit, type RateLimitVariables, tokenBucket } from '@sluice/hono'
import { Hono } from 'hono'

const app = new Hono<{ Variables: RateLimitVariables }>()

app.use(
  rateLimit({
    policies: [
      { name: 'burst', algorithm: tokenBucket({ capacity: 5, refill: 1, per: '1s' }) },
      { name: 'daily', algorithm: calendarWindow({ limit: 20, every: 'day', timeZone: 'Europe/Paris' }) },
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
