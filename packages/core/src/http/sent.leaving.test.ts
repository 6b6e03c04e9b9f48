import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { asking, connection } from '../../test/node-http-raw.ts'
import { counter } from './cases/world.ts'
import { type Sent, whenNodeSent } from './sent.ts'
import { parts, serve, type Serving, text } from './testing/sent-by.ts'

/** Asks by a connection of its own, and leaves once it has read so many bytes; how many it did. */
async function readSome({ at }: Serving, least: number): Promise<number> {
  const socket = connect(at)
  let read = 0
  socket.on('data', (part: Buffer) => {
    read += part.byteLength
    if (read >= least) socket.destroy()
  })
  socket.write(asking('/'))
  await new Promise((resolve) => socket.once('close', resolve))
  return read
}

describe('a client that leaves', () => {
  // A Unix socket has small buffers of one size; those of TCP grow beyond what is sent here.
  const onUnixSocket = true
  const HEAD = 500
  const BUFFERS = 1_000_000

  it('costs what was handed to its connection by then', async () => {
    const served = await serve((res) => void parts(80, 65_536).pipe(res), { onUnixSocket })
    const read = await readSome(served, 300_000)
    await served.reached(1)
    const { bytes = 0, ...ending } = served.ended[0] ?? {}
    expect(ending).toEqual({ status: 200, aborted: true })
    expect(bytes).toBeGreaterThan(read - HEAD)
    expect(bytes).toBeLessThan(read + BUFFERS)
    expect(bytes).toBeLessThan((80 * 65_536) / 2)
  })

  it('costs all of a part that was under way', async () => {
    const served = await serve((res) => void res.end(text(5_000_000)), { onUnixSocket })
    await readSome(served, 300_000)
    await served.reached(1)
    expect(served.ended).toEqual([{ status: 200, bytes: 5_000_000, aborted: true }])
  })

  it('costs all that a stream without end has sent', async () => {
    const served = await serve((res) => void res.write('data: 1\n\n', () => res.write('data: 2\n\n')))
    const client = await connection(served)
    client.say(asking('/'))
    await client.hears((heard) => heard.includes('data: 2'))
    expect(served.ended).toEqual([])
    client.vanish()
    await served.reached(1)
    expect(served.ended).toEqual([{ status: 200, bytes: 18, aborted: true }])
  })

  it('costs nothing before there is a head, whose status is then 499', async () => {
    const asked = counter()
    const served = await serve(asked.add)
    const client = await connection(served)
    client.say(asking('/'))
    await asked.reached(1)
    client.vanish()
    await served.reached(1)
    expect(served.ended).toEqual([{ status: 499, bytes: 0, aborted: true }])
  })

  it('costs nothing for answers that were behind one that did not come', async () => {
    const asked = counter()
    const served = await serve((res, { url }) => {
      if (url !== '/never') res.end(text(1000))
      asked.add()
    })
    const client = await connection(served)
    client.say(asking('/never') + asking('/1') + asking('/2'))
    await asked.reached(3)
    client.vanish()
    await served.reached(3)
    expect(served.ended.map(({ bytes, aborted }) => [bytes, aborted])).toEqual([
      [0, true],
      [0, true],
      [0, true],
    ])
  })
})

describe('one connection', () => {
  it.each(['in turn', 'at once'])('is counted answer by answer, asked %s', async (how) => {
    const served = await serve((res, { url = '' }) => void res.end(text(Number(url.slice(1)))))
    const client = await connection(served)
    const paths = ['/1000', '/0', '/20', '/300000']
    if (how === 'at once') client.say(paths.map((path) => asking(path)).join(''))
    for (const [index, path] of paths.entries()) {
      if (how === 'in turn') client.say(asking(path))
      await served.reached(index + 1)
    }
    expect(served.ended.map(({ bytes }) => bytes)).toEqual([1000, 0, 20, 300_000])
    client.vanish()
  })

  it.each(['in turn', 'at once'])('costs no answer what those before it wrote, asked %s', async (how) => {
    let first: ServerResponse | undefined
    const served = await serve((res, { url }) => {
      if (url === '/1' && how === 'in turn') res.end(text(100_000))
      else if (url === '/1') first = res
      else {
        res.write(text(1_000_000))
        // Before anything of it has gone to the connection.
        res.destroy()
        first?.end(text(100_000))
      }
    })
    const client = await connection(served)
    client.say(asking('/1') + (how === 'at once' ? asking('/2') : ''))
    if (how === 'in turn') {
      await served.reached(1)
      client.say(asking('/2'))
    }
    await client.heardAll()
    await served.reached(2)
    expect(served.ended.map(({ bytes }) => bytes)).toEqual([100_000, 0])
    expect(served.ended[1]).toMatchObject({ aborted: true })
  })
})

it('what never came as far as the connection costs nothing, on a new one too', async () => {
  const served = await serve((res) => {
    res.write('hello')
    res.destroy()
  })
  const client = await connection(served)
  client.say(asking('/'))
  expect(await client.heardAll()).toBe('')
  await served.reached(1)
  expect(served.ended).toEqual([{ status: 200, bytes: 0, aborted: true }])
})

describe('whenNodeSent', () => {
  const pair = (response: object = {}, socket: object = {}) => ({
    response: Object.assign(new EventEmitter(), { statusCode: 200, headersSent: true, ...response }),
    connection: Object.assign(new EventEmitter(), socket),
    done: vi.fn<(sent: Sent) => void>(),
  })

  it('changes nothing where nobody asks for bytes', () => {
    const [write, end] = [vi.fn<() => void>(), vi.fn<() => void>()]
    const { response, connection: socket, done } = pair({ write, end, writableFinished: true })
    whenNodeSent(response, socket, done, false)
    expect(response).toMatchObject({ write, end })
    expect(response.eventNames()).toEqual(['close'])
    response.emit('close')
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 0, aborted: false }]])
  })

  it('tells of a response that was ended before, and is on its way', () => {
    const { response, connection: socket, done } = pair({ writableEnded: true, writableFinished: false })
    whenNodeSent(response, socket, done, false)
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 0, aborted: false }]])
  })

  it('tells of a client that had gone before', () => {
    const { response, connection: socket, done } = pair({ headersSent: false }, { destroyed: true })
    whenNodeSent(response, socket, done, false)
    expect(done.mock.calls).toEqual([[{ status: 499, bytes: 0, aborted: true }]])
  })

  it.each([undefined, 0])('counts what is handed over where the connection tells %s', (bytesWritten) => {
    const writing = { write: () => true, end: () => undefined, writableFinished: true }
    const { response, connection: socket, done } = pair(writing, { bytesWritten })
    whenNodeSent(response, socket, done, true)
    ;(response as unknown as ServerResponse).write('hello')
    response.emit('close')
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 5, aborted: false }]])
  })
})
