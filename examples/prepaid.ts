// Credits that are bought: the webhook of a payment provider grants them under the payment's id, so what is delivered
// twice is granted once. Each report costs two; who has too few is refused with 402, and told no time to come back.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createLimiter, prepaid, rateLimit } from '@sluice/express'
import express from 'express'

const accounts = new Map([
  ['key-of-ada', 'account:ada'],
  ['key-of-eve', 'account:eve'],
])
const secret = process.env.WEBHOOK_SECRET ?? 'for-the-example-only'

// In memory credits end with the process. With `store: redisStore(redis)` they outlive it: put `await` before `grant`.
const bank = createLimiter({ name: 'credits', algorithm: prepaid() })

const app = express()

app.post('/payments', express.json(), (req, res) => {
  // Whoever could pretend to be the provider would grant itself credits.
  if (!isSame(req.get('authorization') ?? '', `Bearer ${secret}`)) {
    res.sendStatus(401)
    return
  }
  const { id, account, credits } = req.body as { id: string; account: string; credits: number }
  // Where this fails, the provider delivers again, under the same id.
  res.json(bank.grant(account, credits, { id }))
})

app.use((req, res, next) => {
  res.locals.account = accounts.get(req.get('x-api-key') ?? '')
  if (res.locals.account === undefined) res.sendStatus(401)
  else next()
})

app.use(
  rateLimit({
    limiter: bank,
    key: (_req, res) => res.locals.account as string,
    cost: 2,
    status: 402,
  }),
)

app.get('/report', (req, res) => {
  res.send(`Your report. Credits left: ${req.rateLimit?.remaining}.\n`)
})

/** Takes as long for a secret that is nearly right as for any other. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
