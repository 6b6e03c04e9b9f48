import { once } from 'node:events'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from './ports.ts'
import { type Proxy, startProxy } from './proxy.ts'
import { until } from './until.ts'

/** What a client has seen so far. */
interface Seen {
  readonly socket: Socket
  text: string
  packets: number
  ended: boolean
  error: string | undefined
}

describe('the proxy', () => {
  let server: Server
  let proxy: Proxy
  let executed: string
  let sockets: Socket[]

  /** Answers each character by itself in upper case. */
  beforeEach(async () => {
    executed = ''
    sockets = []
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.setEncoding('utf8').on('data', (text: string) => {
        executed += text
        socket.write(text.toUpperCase())
      })
    }).listen(await freePort(), '127.0.0.1')
    await once(server, 'listening')
    proxy = await startProxy({ to: (server.address() as { port: number }).port })
  })
  afterEach(async () => {
    await proxy.stop()
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  function client(): Seen {
    const socket = connect(proxy.port, proxy.host)
    sockets.push(socket)
    const seen: Seen = { socket, text: '', packets: 0, ended: false, error: undefined }
    socket.on('data', (chunk: Buffer) => {
      seen.text += chunk.toString()
      seen.packets++
    })
    socket.on('end', () => (seen.ended = true))
    socket.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code))
    return seen
  }

  async function connected(): Promise<Seen> {
    const seen = client()
    seen.socket.write('hello ')
    await until('the client is answered', () => seen.text === 'HELLO ')
    return seen
  }

  const quiet = (): Promise<void> => sleep(30)

  test('passes on what is said, and counts it', async () => {
    const seen = await connected()
    expect(seen.text).toBe('HELLO ')
    expect([proxy.connections(), proxy.accepted(), proxy.received()]).toEqual([
      1,
      1,
      { requests: 6, replies: 6 },
    ])
    seen.socket.destroy()
    await until('the connection is gone', () => proxy.connections() === 0)
    expect(proxy.accepted()).toBe(1)
  })

  test('replies can be late, each by the same time, and keep their order', async () => {
    const seen = await connected()
    proxy.delayReplies(200)
    const start = performance.now()
    for (const [index, letter] of 'abcdefghij'.split('').entries()) {
      seen.socket.write(letter)
      await until(`the server has answered ${letter}`, () => proxy.received().replies === 7 + index)
    }
    proxy.pass()
    seen.socket.write('k')
    await until('all is answered', () => seen.text.length === 17)
    expect(seen.text).toBe('HELLO ABCDEFGHIJK')
    expect(performance.now() - start).toBeGreaterThan(195)
    expect(performance.now() - start).toBeLessThan(1500) // and not 10 times as long
  })

  test('replies can be lost, and then no later one is taken for them', async () => {
    const seen = await connected()
    proxy.dropReplies()
    seen.socket.write('a')
    await until('the server has executed it', () => executed === 'hello a')
    await until('it has answered', () => proxy.received().replies === 7)
    proxy.pass()
    seen.socket.write('b')
    await until('the server has executed that too', () => executed === 'hello ab')
    await quiet()
    expect(seen).toMatchObject({ text: 'HELLO ', ended: false, error: undefined })
    expect((await connected()).text).toBe('HELLO ')
  })

  test('replies can come byte by byte', async () => {
    const seen = await connected()
    proxy.byteByByte()
    seen.socket.write('one by one')
    await until('all of it has come', () => seen.text === 'HELLO ONE BY ONE')
    expect(seen.packets).toBeGreaterThan(5)
  })

  test('replies can be held', async () => {
    const seen = await connected()
    proxy.holdReplies()
    seen.socket.write('a')
    seen.socket.write('b')
    await until('the server has executed them', () => executed === 'hello ab')
    await quiet()
    expect(seen.text).toBe('HELLO ')
    proxy.pass()
    await until('they come', () => seen.text === 'HELLO AB')
  })

  test('requests can be held, and are executed later even if the client has gone', async () => {
    const [stays, goes] = [await connected(), await connected()]
    proxy.holdRequests()
    stays.socket.write('a')
    goes.socket.end('b')
    goes.socket.destroy()
    await quiet()
    expect(executed).toBe('hello hello ')
    proxy.pass()
    await until('both are executed', () => executed.length === 'hello hello ab'.length)
    await until('the one that stayed is answered', () => stays.text === 'HELLO A')
  })

  test('connections can be half-open: nothing comes and nobody says why', async () => {
    const old = await connected()
    proxy.halfOpen()
    const young = client()
    old.socket.write('a')
    young.socket.write('b')
    await until('the proxy has them', () => proxy.received().requests === 8)
    for (const socket of sockets)
      if (socket.localPort === (server.address() as { port: number }).port) socket.destroy()
    await quiet()
    proxy.pass()
    await quiet()
    expect(executed).toBe('hello ')
    expect(old).toMatchObject({ text: 'HELLO ', ended: false, error: undefined })
    expect(young).toMatchObject({ text: '', ended: false, error: undefined })
    proxy.reset()
    await until('both are reset', () => old.error === 'ECONNRESET' && young.error === 'ECONNRESET')
    expect((await connected()).text).toBe('HELLO ')
  })

  test('connections can be reset, and new ones work', async () => {
    const seen = await connected()
    proxy.reset()
    await until('the client is told', () => seen.error !== undefined)
    expect(seen.error).toBe('ECONNRESET')
    expect(proxy.connections()).toBe(0)
    expect((await connected()).text).toBe('HELLO ')
  })

  test('new connections can be refused while the old ones go on', async () => {
    const old = await connected()
    proxy.refuse()
    const young = client()
    await until('the client is refused', () => young.error === 'ECONNREFUSED')
    old.socket.write('a')
    await until('the other is answered', () => old.text === 'HELLO A')
    proxy.pass()
    expect((await connected()).text).toBe('HELLO ')
  })

  test('a server that is down resets whoever comes, one that ends says so to all', async () => {
    const old = await connected()
    server.close()
    for (const socket of sockets) if (socket !== old.socket) socket.end()
    await until('the client is told', () => old.ended)
    const young = client()
    await until('the client is reset', () => young.error === 'ECONNRESET')
  })

  test('stopping ends everything, in any mode', async () => {
    const seen = await connected()
    proxy.holdReplies()
    seen.socket.write('a')
    proxy.refuse()
    await proxy.stop()
    await until('the connection has ended', () => seen.socket.destroyed)
    expect(proxy.connections()).toBe(0)
  })
})
