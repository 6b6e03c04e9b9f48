import { connect, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type Koa from 'koa'
import supertest from 'supertest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { counter } from '../../core/src/http/cases/world.ts'
import { serverOf, versions } from '../test/app.ts'
import { rateLimit, type RateLimitOptions } from './index.ts'

const limit = { limit: 1_000_000, window: '1m', key: () => 'ada' } as const

describe.each(Object.entries(versions))('%s', (_name, Version) => {
  it.each<[what: string, options: Partial<RateLimitOptions>, listeners: number, isWrapped: boolean]>([
    ['nothing goes by the response', {}, 0, false],
    ['its status does', { refundWhen: 'failed' }, 1, false],
    ['its bytes do', { settle: 'bytes' }, 1, true],
  ])('has on its response what it needs where %s', async (_what, options, listeners, isWrapped) => {
    const seen: unknown[] = []
    const app = new Version()
    const note: Koa.Middleware = async ({ res }, next) => {
      seen.push(res.listenerCount('close'), Object.hasOwn(res, 'write') || Object.hasOwn(res, 'end'))
      await next()
    }
    app.use(note).use(rateLimit({ ...limit, ...options }))
    app.use(note).use((ctx) => void (ctx.body = 'ok'))
    await supertest(serverOf(app)).get('/')
    const [before, wrappedBefore, after, wrapped] = seen as [number, boolean, number, boolean]
    expect([after - before, wrappedBefore, wrapped]).toEqual([listeners, false, isWrapped])
  })

  it('settles over HTTP/2 what was sent, in several streams of one connection', async () => {
    const settled = counter()
    const sizes: [url: string, bytes: number, status: number, aborted: boolean][] = []
    const app = new Version()
    app.use(
      rateLimit({
        ...limit,
        settle({ url }, { bytes, status, aborted }) {
          sizes.push([url, bytes, status, aborted])
          settled.add()
          return bytes
        },
      }),
    )
    app.use((ctx) => {
      if (ctx.path === '/nothing') ctx.status = 204
      else if (ctx.path === '/boom') throw new Error('boom')
      else ctx.body = Readable.from(['x'.repeat(100_000), Buffer.alloc(50_000)])
    })
    app.silent = true
    const session = connect(await serveHttp2(app))
    onTestFinished(() => session.destroy())
    const get = async (path: string): Promise<number> =>
      (await buffer(session.request({ ':path': path }))).byteLength
    const asked = ['/a', '/b', '/nothing', '/boom']
    const read = await Promise.all(asked.map(get))
    await settled.reached(4)
    expect(read).toEqual([150_000, 150_000, 0, 'Internal Server Error'.length])
    expect(sizes.toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['/a', 150_000, 200, false],
      ['/b', 150_000, 200, false],
      ['/boom', 21, 500, false],
      ['/nothing', 0, 204, false],
    ])
  })
})

async function serveHttp2(app: Koa): Promise<string> {
  const handle = app.callback()
  const server: Http2Server = createServer((req, res) => void handle(req as never, res as never))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
