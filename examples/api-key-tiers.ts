// Each account has the limit of its plan; who shows no valid key shares the smallest one per address.
import type { AddressInfo } from 'node:net'
import { byIp, byUser, firstOf, rateLimit, slidingWindow } from '@sluice/express'
import express, { type Response } from 'express'

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

/** Stands for a call to the billing service. */
async function planOf(account: string | undefined): Promise<keyof typeof plans> {
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (account === undefined) return 'none'
  return account === 'account-2' ? 'paid' : 'free'
}

const accountOf = (res: Response): string | undefined => res.locals.account as string | undefined

const app = express()

app.use((req, res, next) => {
  res.locals.account = accounts.get(req.get('x-api-key') ?? '')
  next()
})

app.use(
  rateLimit({
    // By account, not by what the header says: who makes up a new key each time would get a new limit each time.
    key: firstOf(
      byUser((_req, res) => accountOf(res)),
      byIp(),
    ),
    algorithm: async (_req, res) => plans[await planOf(accountOf(res))],
  }),
)

app.get('/', (req, res) => {
  res.json({ account: accountOf(res) ?? null, remaining: req.rateLimit?.remaining })
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
