// 100 requests a month for each account. Its owner gets one e-mail at 80 and one at 100 percent: one each a month, from
// whichever process comes to it where several share a store. From 80 percent on responses say X-RateLimit-NearLimit: true.
import type { AddressInfo } from 'node:net'
import { byUser, calendarWindow, rateLimit } from '@sluice/express'
import express, { type Request } from 'express'

const owners: Record<string, string> = { 'key-of-ada': 'ada@example.com', 'key-of-bob': 'bob@example.com' }
const ownerOf = (req: Request): string | undefined => owners[req.get('x-api-key') ?? '']

/** Where you would call your mail service. What it throws or rejects with spoils no request. */
async function mail(to: string, text: string): Promise<void> {
  console.log(`mail to ${to}: ${text}`)
}

const app = express()

app.use(
  rateLimit({
    name: 'monthly',
    key: byUser(ownerOf),
    algorithm: calendarWindow({ limit: 100, every: 'month' }),
    warnAt: [0.8, 1],
    on: {
      warned: ({ key, threshold, used, limit }) =>
        mail(key.replace('user:', ''), `${used} of ${limit} requests are used (${threshold * 100} %).`),
    },
  }),
)

app.get('/', (req, res) => {
  if (req.rateLimit === undefined) res.status(401).send('No key, no answer.\n')
  else res.send(`${req.rateLimit.remaining} requests left this month\n`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
