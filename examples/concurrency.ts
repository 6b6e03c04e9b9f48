// At most two reports in the making for each client. A slot is free again when its response is over, also when the
// client hangs up: end your work then, on the `close` of the response. `ttl` is for a process that dies with slots in
// hand.
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { concurrency, rateLimit } from '@sluice/express'
import express from 'express'

const app = express()

const twoAtOnce = rateLimit({
  algorithm: concurrency({ limit: 2, ttl: '30s' }),
  message: 'Two of your reports are in the making. Wait for one of them.\n',
})

app.get('/report', twoAtOnce, async (_req, res) => {
  await sleep(500)
  res.send('A report that took half a second.\n')
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
