// Runs the programs of documents, each a file, in one process: `run-blocks.ts <list.json>`. Time stands still, every server
// listens on a port of its own, and clients of Redis and Memcached find real ones. Writes what came of each into
// `<list.json>.results`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, Server, Socket } from 'node:net'
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
/** How long the process has been there by then. */
const UP_MS = 1000
const real = { now: performance.now.bind(performance), timeOrigin: performance.timeOrigin, date: Date.now }
/** Where a server tells the time, it goes on. */
let isStill = true
performance.now = () => (isStill ? UP_MS : real.now())
Object.defineProperty(performance, 'timeOrigin', { get: () => (isStill ? NOW - UP_MS : real.timeOrigin) })
Date.now = () => (isStill ? NOW : real.date())

const servers: Server[] = []
const { listen } = Server.prototype
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  servers.push(this)
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  return listen.call(this, { port: 0, host: '127.0.0.1' }, callback)
}

/** Where the servers are that blocks look for at the usual ports. */
const ports = JSON.parse(process.env['PORTS'] ?? '{}') as Record<string, number>
const { connect } = Socket.prototype
Socket.prototype.connect = function (this: Socket, ...args: any[]) {
  // What others of Node's functions have made of their arguments is an array.
  const to = (Array.isArray(args[0]) ? args[0] : args) as [{ port: number } | number | string]
  const [target] = to
  if (typeof target === 'object') to[0] = { ...target, port: ports[target.port] ?? target.port }
  else to[0] = ports[target] ?? target
  return Reflect.apply(connect, this, args) as Socket
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
  isStill = !/@sluice\/core\/(redis|memcached)/.test(readFileSync(file, 'utf8'))
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
