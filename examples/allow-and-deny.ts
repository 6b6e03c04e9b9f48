// Who is never limited, and who is let in no more: by address and by account, changed while the app runs.
import type { AddressInfo } from 'node:net'
import { byIp, byUser, clientList, type ClientListEntries, firstOf, rateLimit } from '@sluice/express'
import express, { type Request } from 'express'

const adminToken = process.env.ADMIN_TOKEN ?? crypto.randomUUID()

const allowed = clientList({ addresses: ['10.0.0.0/8'], keys: ['user:monitoring'] })
const denied = clientList()

/** Stands for your session. */
const userOf = (req: Request): string | undefined => req.get('x-user')

const app = express()
app.use(express.json())

// In front of the limiter, so that who has put himself on the list by mistake can put it right.
app.post('/lists', (req, res) => {
  if (req.get('authorization') !== `Bearer ${adminToken}`) return res.sendStatus(401)
  const { deny = {}, forgive = {} } = req.body as { deny?: ClientListEntries; forgive?: ClientListEntries }
  try {
    denied.add(deny)
    denied.remove(forgive)
  } catch (error) {
    // What is neither an address nor a key changes nothing.
    return res.status(400).json({ error: String(error) })
  }
  return res.json({ denied: [...denied.addresses, ...denied.keys] })
})

app.use(
  rateLimit({
    limit: 3,
    window: '10s',
    key: firstOf(byUser(userOf), byIp()),
    skip: allowed,
    deny: denied,
    trustProxy: 'loopback',
  }),
)

app.get('/', (_req, res) => {
  res.send('Hello!\n')
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}\nlists change by the token ${adminToken}`)
})
