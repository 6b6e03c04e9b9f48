// Runs the programs of documents, each a file, in one process: `run-blocks.ts <list.json>`. Time stands still and every
// server listens on a port of its own. Writes what came of each into `<list.json>.results`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, Server } from 'node:net'
import { pathToFileURL } from 'node:url'

/** A response as it was on the wire. */
interface Seen {
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface Result {
  readonly file: string
  readonly error?: string
  /** What the program's server answered first, and the first refusal it gave, if any in 200 requests. */
  readonly first?: Seen
  readonly refused?: Seen | undefined
}

/** 2026-09-21T14:13:20.400Z */
const NOW = 1_790_000_000_400
performance.now = () => NOW - performance.timeOrigin
Date.now = () => NOW

const servers: Server[] = []
const { listen } = Server.prototype
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  servers.push(this)
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  return listen.call(this, { port: 0, host: '127.0.0.1' }, callback)
}

Object.assign(globalThis, {
  /** An expression, and what its comment says. */
  same: (got: unknown, expected: unknown) => assert.deepEqual(got, expected),
  throws: (expression: () => unknown, text: string) =>
    assert.throws(expression, (error) => error instanceof Error && error.message.includes(text)),
})

async function get(server: Server): Promise<Seen> {
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const asked = request({ port, host: '127.0.0.1', agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let body = ''
  for await (const part of response.setEncoding('utf8')) body += part as string
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders } = response
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
  )
  return { status, reason, headers, body }
}

async function run(file: string): Promise<Result> {
  const before = servers.length
  try {
    await import(pathToFileURL(file).href)
    const server = servers[before]
    if (server === undefined) return { file }
    const first = await get(server)
    let refused: Seen | undefined
    for (let asked = 1; asked < 200 && refused === undefined; asked++) {
      const seen = await get(server)
      if (seen.status !== 200) refused = seen
    }
    return { file, first, refused }
  } catch (error) {
    return { file, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

const [list = ''] = process.argv.slice(2)
const results: Result[] = []
for (const file of JSON.parse(readFileSync(list, 'utf8')) as string[]) results.push(await run(file))
writeFileSync(`${list}.results`, JSON.stringify(results))
process.exit()
