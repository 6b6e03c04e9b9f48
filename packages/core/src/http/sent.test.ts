import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asking, connection } from '../../test/node-http-raw.ts'
import { counter } from './cases/world.ts'
import { type Sent, whenNodeSent } from './sent.ts'
import { type Handler, type Serving, serving, type ServingOptions, wires } from './testing/sent-by.ts'

async function serve(handler: Handler, options?: ServingOptions): Promise<Serving> {
  const served = await serving(handler, options)
  onTestFinished(served.close)
  return served
}

const text = (length: number): string => 'x'.repeat(length)
const parts = (count: number, size: number): Readable =>
  Readable.from(Array.from({ length: count }, () => Buffer.alloc(size)))

const BODIES: [what: string, bytes: number, answer: Handler][] = [
  ['nothing', 0, (res) => res.end()],
  ['nothing but a callback', 0, (res) => res.end(() => undefined)],
  ['a short text', 5, (res) => res.end('hello')],
  ['no text', 0, (res) => res.end('')],
  ['text beyond ASCII', 9, (res) => res.end('\u00e9\u20ac\u{1f600}')],
  ['text in latin1', 2, (res) => res.end('\u00e9\u00fc', 'latin1')],
  ['base64 and hex', 8, (res) => (res.write('aGVsbG8=', 'base64'), res.end('c0ffee', 'hex'))],
  ['bytes', 7, (res) => (res.write(new Uint8Array(3)), res.end(Buffer.from('four')))],
  ['text of a known length', 5, (res) => (res.setHeader('Content-Length', 5), res.end('hello'))],
  ['parts of a known length', 5, (res) => (res.writeHead(200, { 'Content-Length': 5 }), both(res))],
  ['a head, then parts', 5, (res) => (res.flushHeaders(), both(res))],
  ['a stream', 200_000, (res) => parts(20, 10_000).pipe(res)],
  [
    'more than buffers hold at once',
    3_000_000,
    (res) => (res.write(text(2_000_000)), res.end(text(1_000_000))),
  ],
  ['a redirect', 4, (res) => res.writeHead(302, { Location: '/' }).end('gone')],
  ['an error', 4, (res) => res.writeHead(500).end('oops')],
  ['204 with a body that is not sent', 0, (res) => res.writeHead(204).end('hello')],
  ['304 with a body that is not sent', 0, (res) => res.writeHead(304).end('hello')],
  ['a second end that is not sent', 5, (res) => (res.end('hello'), res.end('again'))],
  ['a part that is refused, and one that is not', 5, refusedFirst],
]

function both(res: ServerResponse): void {
  res.write('hel')
  res.end('lo')
}

function refusedFirst(res: ServerResponse): void {
  expect(() => res.end(5)).toThrow(TypeError)
  res.end('hello')
}

describe.each(Object.entries(wires))('over %s', (_name, wire) => {
  it.each(BODIES)('counts %s: %i bytes', async (_what, bytes, answer) => {
    const served = await serve(
      (res, req) =>
        answer(
          res.on('error', () => undefined),
          req,
        ),
      { wire },
    )
    expect((await served.read()).byteLength).toBe(bytes)
    await served.reached(1)
    expect(served.ended).toMatchObject([{ bytes, aborted: false }])
  })

  it('counts nothing for HEAD', async () => {
    const served = await serve(both, { wire })
    expect((await served.read('HEAD')).byteLength).toBe(0)
    await served.reached(1)
    expect(served.ended).toEqual([{ status: 200, bytes: 0, aborted: false }])
  })

  it('leaves what handlers are told of their writing as it is', async () => {
    const told: unknown[] = []
    const served = await serve(
      (res) => {
        told.push(typeof res.write('one', () => told.push('written')))
        told.push(res.write('two', 'utf8'))
        told.push(res.end('three', () => told.push('ended')) === res)
      },
      { wire },
    )
    expect((await served.read()).toString()).toBe('onetwothree')
    await served.reached(1)
    expect(told.slice(0, 3)).toEqual(['boolean', true, true])
    expect(told.slice(3)).toEqual(['written', 'ended'])
  })

  it('tells of an app that breaks off', async () => {
    const served = await serve((res) => void res.write('hello', () => res.destroy()), { wire })
    await served.read().catch(() => undefined)
    await served.reached(1)
    expect(served.ended).toEqual([{ status: 200, bytes: 5, aborted: true }])
  })
})

/** Compresses, as middlewares do: by what it puts in the place of `write` and `end`. */
function compress(res: ServerResponse): void {
  const { write, end } = res
  const gzip = createGzip()
  gzip.on('data', (part: Buffer) => write.call(res, part, 'buffer' as never))
  gzip.on('end', () => end.call(res, undefined, 'utf8'))
  // They take no callbacks.
  Object.assign(res, {
    write: (part: string) => gzip.write(part),
    end: (part?: string) => gzip.end(part),
  })
}

/** A part of a body as text in some encoding. */
const encoded = fc
  .tuple(fc.constantFrom<BufferEncoding>('latin1', 'hex', 'base64', 'base64url', 'utf16le'), fc.uint8Array())
  .map(([encoding, bytes]) => [Buffer.from(bytes).toString(encoding), encoding] as const)
const anyPart = fc.oneof(
  encoded,
  fc.tuple(fc.string({ unit: 'binary' }), fc.constantFrom(undefined, 'utf8' as const)),
  fc.tuple(fc.uint8Array({ maxLength: 5000 }), fc.constant(undefined)),
)

it('whatever is written in whatever parts, it counts what a client gets', async () => {
  const bodies = fc.record({ parts: fc.array(anyPart), last: fc.option(anyPart), isKnown: fc.boolean() })
  let body: { parts: [string, BufferEncoding][]; last: [string, BufferEncoding] | null; isKnown: boolean }
  const served = await serve((res) => {
    const { parts: written, last, isKnown } = body
    const all = last ? [...written, last] : written
    const length = Buffer.concat(all.map((one) => Buffer.from(...one))).byteLength
    if (isKnown) res.setHeader('Content-Length', length)
    for (const one of written) res.write(...one)
    if (last) res.end(...last)
    else res.end()
  })
  let times = 0
  await fc.assert(
    fc.asyncProperty(bodies, async (next) => {
      body = next as typeof body
      const { byteLength } = await served.read()
      await served.reached(++times)
      expect(served.ended.at(-1)).toEqual({ status: 200, bytes: byteLength, aborted: false })
    }),
    { numRuns: 300 },
  )
})

describe('what is compressed', () => {
  const plain = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join()

  it('is counted as it is sent, by who sees what compression has made of it', async () => {
    const served = await serve((res) => (compress(res), void res.end(plain)))
    const { byteLength } = await served.read()
    await served.reached(1)
    expect(byteLength).toBeLessThan(plain.length / 1.5)
    expect(served.ended).toMatchObject([{ bytes: byteLength }])
  })

  it('is counted as it is sent, with what frames its parts, by who does not', async () => {
    let written = 0
    const count = (res: ServerResponse): void => {
      const { write } = res
      Object.assign(res, { write: (part: Buffer) => (written++, write.call(res, part, 'utf8')) })
      compress(res)
    }
    const served = await serve((res) => (res.write(plain), void res.end()), { before: count })
    const { byteLength } = await served.read()
    await served.reached(1)
    const { bytes = 0 } = served.ended[0] ?? {}
    expect(bytes).toBeGreaterThan(byteLength)
    expect(bytes).toBeLessThanOrEqual(byteLength + 12 * (written + 1))
  })

  it('counts no more than it was before', async () => {
    const served = await serve((res) => void res.end('tiny'), { before: compress })
    expect((await served.read()).byteLength).toBeGreaterThan(4)
    await served.reached(1)
    expect(served.ended).toMatchObject([{ bytes: 4 }])
  })
})

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
    const served = await serve((res, { url }) => {
      res.write(text(url === '/1' ? 100_000 : 1_000_000))
      // Before anything has gone to the connection.
      if (url === '/1') res.end()
      else res.destroy()
    })
    const client = await connection(served)
    client.say(asking('/1') + (how === 'at once' ? asking('/2') : ''))
    await served.reached(1)
    if (how === 'in turn') client.say(asking('/2'))
    await client.heardAll()
    await served.reached(2)
    expect(served.ended.map(({ bytes }) => bytes)).toEqual([100_000, 0])
    expect(served.ended[1]).toMatchObject({ aborted: true })
  })
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
