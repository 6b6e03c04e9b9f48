import type { ServerResponse } from 'node:http'
import { createGzip } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Handler, parts, serve, text, wires } from './testing/sent-by.ts'

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
