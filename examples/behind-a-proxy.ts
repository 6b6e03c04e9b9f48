// Behind a proxy every connection comes from the proxy. `trustProxy` says whose word about the client counts; what
// a client itself wrote into X-Forwarded-For is not believed.
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rateLimit } from '@sluice/express'
import express from 'express'

const app = express()

// One proxy stands in front. Instead of their number you can list the proxies' addresses; `false` means none.
app.use(rateLimit({ limit: 3, window: '10s', trustProxy: 1 }))

app.get('/', (req, res) => {
  res.send(`You are ${req.rateLimit?.policies[0]?.key}.\n`)
})

/** As small as a proxy can be: it appends the address of its client and passes everything on. */
const proxy = createServer((incoming, outgoing) => {
  const forwarded = [incoming.headers['x-forwarded-for'], incoming.socket.remoteAddress].filter(Boolean)
  const { port } = backend.address() as AddressInfo
  const headers = { ...incoming.headers, 'x-forwarded-for': forwarded.join(', ') }
  const passed = request({ port, host: '127.0.0.1', method: incoming.method, path: incoming.url, headers })
  passed.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  passed.on('error', () => outgoing.destroy())
  incoming.pipe(passed)
})

const backend = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error
  proxy.listen(Number(process.env.PORT ?? 3000), () => {
    const { port } = proxy.address() as AddressInfo
    console.log(`http://localhost:${port}`)
  })
})
