// Downloads limited by the bytes that were really sent: a client that leaves early pays for what was handed to its
// connection, which is what it got and some MB that were on the way, and not for the file.
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { byHeader, byIp, firstOf, rateLimit, tokenBucket } from '@sluice/express'
import express from 'express'

const KB = 1000
const MB = 1000 * KB

/** Stands for a file of so many bytes. */
function* fileOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= 64 * KB) yield Buffer.alloc(Math.min(left, 64 * KB))
}

const limitDownloads = rateLimit({
  // 10 MB at once, then 1 MB each minute.
  algorithm: tokenBucket({ capacity: 10 * MB, refill: MB, per: '1m' }),
  key: firstOf(byHeader('x-api-key'), byIp()),
  unit: 'content-bytes',
  // What a download will cost is known when it is over: until then it is charged 1 byte, so that it is refused to who
  // has none left.
  cost: 1,
  settle: 'bytes',
  // The rest of a download that was let in is charged all the same, and has to come back first: as much as the largest
  // file. Each one in flight may add as much: where that is too much, put a policy of concurrency() beside this one.
  maxDebt: 50 * MB,
  // What was not found or has failed costs nothing.
  refundWhen: (_req, _res, status) => status === 404 || status >= 500,
})

const app = express()

// In front of compression, which would be counted with what frames its parts.
app.get('/files/:megabytes', limitDownloads, (req, res) => {
  const bytes = Number(req.params['megabytes']) * MB
  if (bytes > 0 && bytes <= 50 * MB) {
    res.setHeader('Content-Length', bytes)
    Readable.from(fileOf(bytes)).pipe(res)
  } else {
    res.status(404).send('No such file.\n')
  }
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
