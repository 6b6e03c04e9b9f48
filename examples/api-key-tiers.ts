// Each account has the limit of its plan; who shows no valid key shares the smallest one per address.
import type { AddressInfo } from 'node:net'
import { byIp, byUser, cachedBy, firstOf, rateLimit, slidingWindow } from '@sluice/express'
import express, { type Request, type Response } from 'express'

/** Stands for a table of hashed keys. */
const accounts = new Map([
  ['key-of-a-free-account', 'account-1'],
  ['key-of-a-paid-account', 'account-2'],
])

const plans = {
  none: slidingWindow({ limit: 2, window: '10s' }),
  free: slidingWindow({ limit: 5, window: '10s' }),
  paid: slidingWindow({ limit: 20, window: '10s' }),
}

/** Stands for the billing service. */
const paying = new Set(['account-2'])

async function planOf(account: string | undefined): Promise<keyof typeof plans> {
  console.log(`looking up the plan of ${account}`)
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (account === undefined) return 'none'
  return paying.has(account) ? 'paid' : 'free'
}

const accountOf = (_req: Request, res: Response): string | undefined =>
  res.locals.account as string | undefined

/** Looked up once a minute for each account, however many requests it sends. */
const planLimit = cachedBy(accountOf, async (account) => plans[await planOf(account)])

const app = express()

app.use((req, res, next) => {
  res.locals.account = accounts.get(req.get('x-api-key') ?? '')
  next()
})

// Stands for a payment, which nothing limits: the new plan counts from the next request on, less what was used.
app.post('/upgrade', (req, res) => {
  const account = accountOf(req, res)
  if (account !== undefined) paying.add(account)
  void planLimit.forget(account)
  res.json({ account: account ?? null })
})

// By account, not by what the header says: who makes up a new key each time would get a new limit each time.
app.use(rateLimit({ key: firstOf(byUser(accountOf), byIp()), algorithm: planLimit }))

app.get('/', (req, res) => {
  res.json({ account: accountOf(req, res) ?? null, remaining: req.rateLimit?.remaining })
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
