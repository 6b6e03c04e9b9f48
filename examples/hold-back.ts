// One request every 200 ms for each client. Those that come sooner are held back, in order, and answered when it is their
// turn. Whoever would have to wait for more than a second is refused at once, and so is everybody who comes while 1,000
// are held back and has to wait.
import type { AddressInfo } from 'node:net'
import { leakyBucket, rateLimit } from '@sluice/express'
import express from 'express'

const app = express()

app.use(
  rateLimit({
    algorithm: leakyBucket({ capacity: 1, leak: 5, per: '1s' }),
    delay: { maxWait: '1s', maxQueue: 1000 },
    on: { delayed: ({ waitedMs }) => console.log(`held back for ${waitedMs} ms`) },
  }),
)

app.get('/', (_req, res) => {
  res.send(`answered at ${new Date().toISOString()}\n`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
