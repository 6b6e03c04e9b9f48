// Five requests in ten seconds for each client address. An IPv6 client counts as its /56 network, since it can
// have a new address for every request.
import type { AddressInfo } from 'node:net'
import { rateLimit } from '@sluice/express'
import express from 'express'

const app = express()

app.use(rateLimit({ limit: 5, window: '10s' }))

app.get('/', (_req, res) => {
  res.send('Hello!\n')
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
