// 1,000 requests a month, of which up to half are carried over to the next month if they were not used; and inside that,
// bursts of 20 and then 5 a second, so that 1,000 requests take more than three minutes, by mistake or on purpose. At
// worst a client makes 1,500 requests in one month, and 12,500 in a year.
import type { AddressInfo } from 'node:net'
import { byHeader, calendarWindow, rateLimit, tokenBucket } from '@sluice/express'
import express from 'express'

const app = express()
const key = byHeader('x-api-key')

app.use(
  rateLimit({
    policies: [
      { name: 'burst', key, algorithm: tokenBucket({ capacity: 20, refill: 5, per: '1s' }) },
      {
        name: 'monthly',
        key,
        algorithm: calendarWindow({ limit: 1000, every: 'month', timeZone: 'Europe/Paris', rollover: 0.5 }),
      },
    ],
  }),
)

app.get('/', (req, res) => {
  const monthly = req.rateLimit?.policies.find(({ name }) => name === 'monthly')
  if (monthly === undefined) res.status(401).send('No key, no answer.\n')
  // The limit is above 1,000 where something was carried over.
  else res.send(`${monthly.remaining} of ${monthly.limit} left this month\n`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
