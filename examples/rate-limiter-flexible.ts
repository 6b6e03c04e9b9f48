// A limiter of rate-limiter-flexible, here on PostgreSQL, behind a middleware of ours: its databases, our headers and
// refusals. While PostgreSQL is away, its own insurance limiter counts in this process.
import type { AddressInfo } from 'node:net'
import { fromRateLimiterFlexible, rateLimit } from '@sluice/express'
import express from 'express'
import { Pool } from 'pg'
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible'

const pool = new Pool({
  connectionString: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  connectionTimeoutMillis: 300,
})
pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`))

const five = { points: 5, duration: 10 }
const onPostgres = new RateLimiterPostgres(
  { ...five, storeClient: pool, tableName: 'rate_limits', insuranceLimiter: new RateLimiterMemory(five) },
  // It makes its table.
  (error) => console.log(error ? `PostgreSQL: ${error.message}` : 'counting in PostgreSQL'),
)

const limiter = fromRateLimiterFlexible(onPostgres, {
  // More than the insurance limiter waits for, or `onStoreError` would answer before it.
  timeout: '1s',
  on: { storeFailing: ({ error }) => console.error(error) },
})

const app = express()

app.use(rateLimit({ limiter }))

app.get('/', (req, res) => {
  res.send(`${req.rateLimit?.remaining} requests left.\n`)
})

// Who asks for what is not there pays for two requests.
app.use((req, res, next) => {
  const key = req.rateLimit?.policies[0]?.key ?? ''
  limiter.penalty(key).then(() => res.status(404).send('Nothing here.\n'), next)
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
