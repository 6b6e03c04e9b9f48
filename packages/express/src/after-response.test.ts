import { createServer } from 'node:http'
import type { Request, Response } from 'express'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { versions } from '../test/app.ts'
import { rateLimit, type RateLimitOptions } from './index.ts'

interface Seen {
  readonly close: number
  readonly finish: number
  readonly ofConnection: number
  readonly isWrapped: boolean
}

const seenOf = (req: Request, res: Response): Seen => ({
  close: res.listenerCount('close'),
  finish: res.listenerCount('finish'),
  ofConnection: req.socket.listenerCount('close'),
  isWrapped: Object.hasOwn(res, 'write') || Object.hasOwn(res, 'end'),
})

/** What a middleware leaves on a response, and nothing else does. */
async function added(make: (typeof versions)[string], options: RateLimitOptions): Promise<Seen> {
  const seen: Seen[] = []
  const app = make()
  app.use((req, res, next) => (seen.push(seenOf(req, res)), next()))
  app.use(rateLimit(options))
  app.get('/', (req, res) => (seen.push(seenOf(req, res)), void res.send('ok')))
  await supertest(createServer(app)).get('/')
  const [before, after] = seen as [Seen, Seen]
  return {
    close: after.close - before.close,
    finish: after.finish - before.finish,
    ofConnection: after.ofConnection - before.ofConnection,
    isWrapped: after.isWrapped,
  }
}

describe.each(Object.entries(versions))('what a limiter adds to a response of %s', (_name, make) => {
  const limit = { limit: 9, window: '1m' } as const
  const none: Seen = { close: 0, finish: 0, ofConnection: 0, isWrapped: false }

  it('is nothing where nothing goes by the response', async () => {
    expect(await added(make, limit)).toEqual(none)
    expect(await added(make, { ...limit, cost: () => 2, when: () => true })).toEqual(none)
    expect(await added(make, { ...limit, settle: 'bytes', when: () => false })).toEqual(none)
  })

  it('is one listener where its status does', async () => {
    expect(await added(make, { ...limit, refundWhen: 'failed' })).toEqual({
      ...none,
      close: 1,
      ofConnection: 1,
    })
  })

  it('is what counts its bytes, too, where they do', async () => {
    expect(await added(make, { ...limit, settle: 'bytes' })).toEqual({
      ...none,
      close: 1,
      ofConnection: 1,
      isWrapped: true,
    })
  })
})
