// A request costs what it asks for: a batch of 30 lookups takes 30 of the 100 units that come back at 10 a second.
import type { AddressInfo } from 'node:net'
import { rateLimit, tokenBucket } from '@sluice/express'
import express, { type Request } from 'express'

/** How many lookups a batch holds; what is no batch costs 1, so that nonsense is not free. */
function sizeOf(req: Request): number {
  const body = req.body as unknown
  return Array.isArray(body) ? Math.max(1, body.length) : 1
}

const app = express()

// The body has to be read before it can be counted; its size has a limit of its own.
app.use(express.json({ limit: '100kb' }))

const limitLookups = rateLimit({
  algorithm: tokenBucket({ capacity: 100, refill: 10, per: '1s' }),
  cost: sizeOf,
  unit: 'lookups',
})

app.post('/lookups', limitLookups, (req, res) => {
  res.json({ found: sizeOf(req), remaining: req.rateLimit?.remaining })
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
