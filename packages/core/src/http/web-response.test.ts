import { describe, expect, it, vi } from 'vitest'
import { whenBodyEnds, withHeaders } from './web-response.ts'

/** A response like those of `fetch()`, whose headers cannot be changed. */
const immutable = (): Response => Response.redirect('https://app.example/', 302)

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

  it('fails as the writer does', () => {
    expect(() =>
      withHeaders(new Response('ok'), () => {
        throw new Error('no pen')
      }),
    ).toThrow('no pen')
  })
})

describe('whenBodyEnds', () => {
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

  it('reads no more of the source than is asked for', async () => {
    const pull = vi.fn<(controller: ReadableStreamDefaultController<Uint8Array>) => void>((controller) =>
      controller.enqueue(bytes('more')),
    )
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
    whenBodyEnds(new Response(body), () => undefined)
    await Promise.resolve()
    expect(pull.mock.calls.length).toBeLessThanOrEqual(1)
  })
})
