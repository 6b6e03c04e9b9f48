// An app as edge runtimes want it: an object with a `fetch` handler, and nothing of Node. There is no connection to
// ask for the client's address there, so say which header the edge sets.
import { rateLimit, type RateLimitVariables } from '@sluice/hono'
import { Hono } from 'hono'

const app = new Hono<{ Variables: RateLimitVariables }>()

app.use(rateLimit({ limit: 5, window: '10s', trustProxy: 'cf-connecting-ip' }))

app.get('/', (c) => c.text(`${c.get('rateLimit')?.remaining} requests left.\n`))

// oxlint-disable-next-line import/no-default-export -- what edge runtimes look for
export default app
