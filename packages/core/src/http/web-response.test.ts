import { describe, expect, it, vi } from 'vitest'
import { EventEmitter } from 'node:events'
import { type WriteHeaders } from './response-headers.ts'
import type { Sent } from './sent.ts'
import { whenSent, withHeaders as withHeadersFor } from './web-response.ts'

/** A response like those of `fetch()`, whose headers cannot be changed. */
const immutable = (): Response => Response.redirect('https://app.example/', 302)

const withHeaders = (response: Response, writeHeaders: WriteHeaders, request: object = {}): Response =>
  withHeadersFor(response, request, writeHeaders)

describe('withHeaders', () => {
  it('writes to the response itself, knowing its status', () => {
    const response = new Response('ok', { status: 201, headers: { ETag: '"1"', Vary: 'Accept' } })
    const written = withHeaders(response, (headers, status) => {
      headers.set('X-Seen', `${headers.get('vary')}, ${headers.get('X-None')}, ${status}`)
      headers.remove('etag')
    })
    expect(written).toBe(response)
    expect(Object.fromEntries(written.headers)).toMatchObject({
      'x-seen': 'Accept, undefined, 201',
      vary: 'Accept',
    })
    expect(written.headers.has('ETag')).toBe(false)
  })

  it('writes to a copy where the response cannot be changed', () => {
    const response = immutable()
    const written = withHeaders(response, (headers) => headers.set('X-Seen', 'yes'))
    expect(written).not.toBe(response)
    expect([written.status, written.headers.get('location'), written.headers.get('X-Seen')]).toEqual([
      302,
      'https://app.example/',
      'yes',
    ])
  })

  it.each([
    ['without a body', () => new Response(null, { status: 204, headers: { Vary: 'Accept', ETag: '"1"' } })],
    ['with one', () => new Response('ok', { headers: { Vary: 'Accept', ETag: '"1"' } })],
    ['that cannot be changed', immutable],
    ['that is frozen', () => Object.freeze(immutable())],
  ])('tells no client of another, where several get one response %s', (_which, make) => {
    const shared = make()
    const requests = [{}, {}, {}]
    for (const [index, request] of requests.entries()) {
      let mine = shared
      // Two limiters.
      for (const name of ['inner', 'outer']) {
        mine = withHeaders(
          mine,
          (headers) => {
            headers.set('X-Seen', [headers.get('x-seen'), `${name} ${index}`].filter(Boolean).join())
            headers.set('Vary', `${headers.get('Vary')}, Origin`)
            headers.remove('ETag')
          },
          request,
        )
      }
      expect(mine.headers.get('X-Seen')).toBe(`inner ${index},outer ${index}`)
      expect(mine.headers.get('Vary')).toMatch(/^(Accept|undefined), Origin, Origin$/)
      expect(mine.status).toBe(shared.status)
    }
  })

  it('leaves the body of a shared response for all', async () => {
    const shared = new Response('ok')
    const [first, second, third] = [{}, {}, {}].map((request) =>
      withHeaders(shared, () => undefined, request),
    )
    expect(await Promise.all([second?.text(), third?.text()])).toEqual(['ok', 'ok'])
    expect(await first?.text()).toBe('ok')
  })

  it('fails as the writer does', () => {
    expect(() =>
      withHeaders(new Response('ok'), () => {
        throw new Error('no pen')
      }),
    ).toThrow('no pen')
  })
})

/** What a response on any runtime but Node's server does. */
const whenBodyEnds = (
  response: Response,
  done: (sent: Sent) => unknown,
  signal?: AbortSignal,
  method = 'GET',
): Response => whenSent(response, { method, signal }, undefined, done, false)

/** Lets all promises go on that have nothing to wait for. */
const settled = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

describe('on the Node server', () => {
  it('the response is over when the server says so, and its body is left alone', () => {
    const done = vi.fn<() => void>()
    const outgoing = Object.assign(new EventEmitter(), { statusCode: 200, headersSent: true })
    const socket = new EventEmitter()
    const response = new Response('ok')
    const sent = whenSent(response, { method: 'GET' }, { outgoing, incoming: { socket } }, done, false)
    expect(sent).toBe(response)
    expect(response.body?.locked).toBe(false)
    expect(done).not.toHaveBeenCalled()
    outgoing.emit('close')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it.each([
    {},
    { incoming: {} },
    { incoming: { socket: new EventEmitter() } },
    { outgoing: Object.assign(new EventEmitter(), { statusCode: 200, headersSent: true }) },
  ])('and not on one that is like it: %o', async (bindings) => {
    const done = vi.fn<() => void>()
    await whenSent(new Response('ok'), { method: 'GET' }, bindings, done, false).text()
    expect(done).toHaveBeenCalledTimes(1)
  })
})

describe('elsewhere', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('calls when there is no body at once', () => {
    const done = vi.fn<() => void>()
    const response = new Response(null, { status: 204 })
    expect(whenBodyEnds(response, done)).toBe(response)
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls at once when somebody else reads the body, or has read it', async () => {
    const done = vi.fn<() => void>()
    const locked = new Response('ok')
    locked.body?.getReader()
    expect(whenBodyEnds(locked, done)).toBe(locked)
    const used = new Response('ok')
    await used.text()
    expect(whenBodyEnds(used, done)).toBe(used)
    expect(done).toHaveBeenCalledTimes(2)
  })

  it('calls once the body is read to its end, and not before', async () => {
    const done = vi.fn<() => void>()
    const parts = ['one', 'two']
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.shift()
        if (part === undefined) controller.close()
        else controller.enqueue(bytes(part))
      },
    })
    const response = whenBodyEnds(new Response(body, { status: 201, headers: { 'X-Kept': 'yes' } }), done)
    expect([response.status, response.headers.get('X-Kept')]).toEqual([201, 'yes'])
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).value).toEqual(bytes('one'))
    expect((await reader.read()).value).toEqual(bytes('two'))
    expect(done).not.toHaveBeenCalled()
    expect((await reader.read()).done).toBe(true)
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls once the body fails, and hands on why', async () => {
    const done = vi.fn<() => void>()
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('the source dried up')),
    })
    await expect(whenBodyEnds(new Response(body), done).text()).rejects.toThrow('the source dried up')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls once the reader goes away, and tells the source', async () => {
    const done = vi.fn<() => void>()
    const cancel = vi.fn<(reason: unknown) => void>()
    const response = whenBodyEnds(new Response(new ReadableStream<Uint8Array>({ cancel })), done)
    await response.body?.cancel('enough')
    expect(cancel).toHaveBeenCalledWith('enough')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls once in all, when the reader goes away after the end', async () => {
    const done = vi.fn<() => void>()
    const response = whenBodyEnds(new Response('ok'), done)
    await response.text()
    await response.body?.cancel().catch(() => undefined)
    expect(done).toHaveBeenCalledTimes(1)
  })

  /** A body of so many parts, that makes each when it is asked for, and counts them. */
  function inParts(count: number): { body: ReadableStream<Uint8Array>; pulled(): number } {
    let made = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (made++ < count) controller.enqueue(bytes(`part ${made}`))
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    return { body, pulled: () => made }
  }

  it.each([
    ['text', () => new Response('ok')],
    ['JSON', () => Response.json({})],
    ['a stream of one part', () => new Response(inParts(1).body)],
    ['a stream of none', () => new Response(inParts(0).body)],
  ])('calls for %s that nobody reads, which can be read all the same', async (_what, make) => {
    const done = vi.fn<() => void>()
    const response = whenBodyEnds(make(), done)
    await settled()
    expect(done).toHaveBeenCalledTimes(1)
    expect(await response.text()).toBe(await make().text())
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('reads no more than two parts before it is asked for any, and one for each that is taken', async () => {
    const done = vi.fn<() => void>()
    const { body, pulled } = inParts(6)
    const reader = (whenBodyEnds(new Response(body), done).body as ReadableStream<Uint8Array>).getReader()
    const seen: number[] = []
    for (let times = 0; times < 4; times++) {
      await settled()
      seen.push(pulled())
      await reader.read()
    }
    expect(seen).toEqual([2, 3, 4, 5])
    expect(done).not.toHaveBeenCalled()
  })

  it('calls once the client is gone, whoever reads the body', async () => {
    const done = vi.fn<() => void>()
    const gone = new AbortController()
    const response = whenBodyEnds(new Response(inParts(3).body), done, gone.signal)
    await settled()
    expect(done).not.toHaveBeenCalled()
    gone.abort()
    expect(done).toHaveBeenCalledTimes(1)
    expect(await response.text()).toBe('part 1part 2part 3')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls at once where the client is gone already, and for HEAD', () => {
    const done = vi.fn<() => void>()
    const response = new Response(inParts(3).body)
    expect(whenBodyEnds(response, done, AbortSignal.abort())).toBe(response)
    expect(whenBodyEnds(response, done, undefined, 'HEAD')).toBe(response)
    expect(done).toHaveBeenCalledTimes(2)
  })

  it('calls once, also where that throws', async () => {
    const done = vi.fn<() => void>(() => {
      throw new Error('no store')
    })
    await whenBodyEnds(new Response(inParts(3).body), done)
      .text()
      .catch(() => undefined)
    expect(done).toHaveBeenCalledTimes(1)
  })
})

describe('what is told of a response elsewhere', () => {
  const bytes = (size: number): Uint8Array => new Uint8Array(size)
  const streamOf = (parts: Uint8Array[]): ReadableStream<Uint8Array> =>
    new ReadableStream(
      {
        pull(controller) {
          const part = parts.shift()
          if (part) controller.enqueue(part)
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )

  it.each<[what: string, make: () => Response, sent: Sent]>([
    ['no body', () => new Response(null, { status: 204 }), { status: 204, bytes: 0, aborted: false }],
    ['an empty one', () => new Response(''), { status: 200, bytes: 0, aborted: false }],
    ['text', () => new Response('hello'), { status: 200, bytes: 5, aborted: false }],
    ['text beyond ASCII', () => new Response('\u00e9\u20ac'), { status: 200, bytes: 5, aborted: false }],
    [
      'parts',
      () => new Response(streamOf([bytes(5), bytes(0), bytes(70_000)]), { status: 500 }),
      { status: 500, bytes: 70_005, aborted: false },
    ],
  ])('%s', async (_what, make, sent) => {
    const done = vi.fn<(sent: Sent) => void>()
    const body = await whenBodyEnds(make(), done).arrayBuffer()
    expect(body.byteLength).toBe(sent.bytes)
    expect(done.mock.calls).toEqual([[sent]])
  })

  it('HEAD has no bytes', () => {
    const done = vi.fn<(sent: Sent) => void>()
    whenBodyEnds(new Response('hello'), done, undefined, 'HEAD')
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 0, aborted: false }]])
  })

  it('a reader that goes away has taken what it has, and at most two parts that were made ahead', async () => {
    const done = vi.fn<(sent: Sent) => void>()
    const parts = Array.from({ length: 50 }, () => bytes(1000))
    const reader = whenBodyEnds(new Response(streamOf(parts)), done).body?.getReader()
    for (let times = 0; times < 5; times++) await reader?.read()
    await settled()
    await reader?.cancel()
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 7000, aborted: true }]])
  })

  it('a body that fails has what came before', async () => {
    const done = vi.fn<(sent: Sent) => void>()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes(10)),
      pull: (controller) => controller.error(new Error('the source dried up')),
    })
    await expect(whenBodyEnds(new Response(body), done).text()).rejects.toThrow('the source dried up')
    expect(done.mock.calls).toEqual([[{ status: 200, bytes: 10, aborted: true }]])
  })

  it('a client that is gone before there is a response has a status of 499', () => {
    const done = vi.fn<(sent: Sent) => void>()
    whenBodyEnds(new Response('hello'), done, AbortSignal.abort())
    expect(done.mock.calls).toEqual([[{ status: 499, bytes: 0, aborted: true }]])
  })

  it('nobody has to listen to a response that nobody has to be told of', () => {
    const { signal } = new AbortController()
    const listen = vi.spyOn(signal, 'addEventListener')
    const response = new Response('hello')
    expect(whenSent(response, { method: 'GET', signal }, undefined, undefined, false)).toBe(response)
    expect(listen).not.toHaveBeenCalled()
    expect(response.body?.locked).toBe(false)
  })
})
