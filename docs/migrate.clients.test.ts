/** What docs/migrate.md says of what clients of all other libraries see, tried with each of them and with Sluice. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { redisStore } from '../packages/core/src/stores/redis/index.ts'
import { rateLimit } from '../packages/express/src/index.ts'
import { expressApp, honoApp, koaApp } from './testing/apps.ts'
import { flexible, Redis, type RequestHandler } from './testing/peers.ts'
import { statusesOf } from './testing/requests.ts'
import { limit, ofExpress, ofHono, ofKoa, window } from './testing/theirs.ts'

describe('What changes with all of them', () => {
  it('A missing key leaves the policy out', async () => {
    const none = (): string => undefined as unknown as string
    const theirs = [
      await expressApp(ofExpress({ keyGenerator: none })),
      honoApp(ofHono({ keyGenerator: none })),
    ]
    for (const send of theirs) expect(await statusesOf(send, 3)).toEqual([200, 200, 429])
    expect(await statusesOf(await koaApp(ofKoa({ id: none })), 1)).toEqual([500])
    expect(await statusesOf(await expressApp(rateLimit({ limit, window, key: none })), 3)).toEqual([
      200, 200, 200,
    ])
  })

  it('Preflights pass', async () => {
    const preflight = {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' },
    }
    const last = async (limiter: RequestHandler): Promise<number | undefined> =>
      (await statusesOf(await expressApp(limiter), 3, preflight)).at(-1)
    expect(await last(ofExpress())).toBe(429)
    expect((await statusesOf(await koaApp(ofKoa()), 3, preflight)).at(-1)).toBe(429)
    expect((await statusesOf(honoApp(ofHono()), 3, preflight)).at(-1)).toBe(429)
    expect(await last(rateLimit({ limit, window }))).not.toBe(429)
  })

  it('Mistakes throw where the limiter is made', () => {
    const logged: unknown[] = []
    const logger = { error: (error: unknown) => void logged.push(error), warn: () => undefined }
    const wrong = { limt: 5 }
    ofExpress({ ...wrong, logger, validate: true })
    expect(String(logged[0])).toContain('Unexpected configuration option: limt')
    expect(() => ofHono({ ...wrong })).not.toThrow()
    expect(() => ofKoa(wrong)).not.toThrow()
    expect(() => new flexible.RateLimiterMemory({ points: 1, duration: 1, ...wrong })).not.toThrow()
    expect(() => rateLimit({ limit, window, ...wrong })).toThrow('did you mean `limit`?')
  })

  it('A refusal says why', async () => {
    const last = async (limiter: RequestHandler, accept?: string): Promise<string | undefined> => {
      const send = await expressApp(limiter)
      await statusesOf(send, limit)
      return (await send({ headers: accept === undefined ? {} : { Accept: accept } })).headers['content-type']
    }
    expect(await last(ofExpress())).toBe('text/html; charset=utf-8')
    expect(await last(rateLimit({ limit, window }))).toBe('application/problem+json')
    expect(await last(rateLimit({ limit, window }), 'text/html')).toBe('text/plain; charset=utf-8')
  })

  it('A failing store fails no request', async () => {
    const away = {
      increment: () => Promise.reject(new Error('away')),
      decrement: () => undefined,
      resetKey: () => undefined,
    }
    expect(await statusesOf(await expressApp(ofExpress({ store: away })), 1)).toEqual([500])
    expect(await statusesOf(honoApp(ofHono({ store: away })), 1)).toEqual([500])
    const redis = new Redis({
      port: 1,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
    })
    onTestFinished(() => redis.disconnect())
    redis.on('error', () => undefined)
    expect(await statusesOf(await koaApp(ofKoa({ driver: 'redis', db: redis })), 1)).toEqual([500])
    const theirs = new flexible.RateLimiterRedis({ storeClient: redis, points: limit, duration: 60 })
    await expect(theirs.consume('key')).rejects.toThrow(Error)
    const on = { storeFailing: () => undefined }
    const ours = await expressApp(
      rateLimit({ limit, window, store: redisStore(redis, { prefix: 'away' }), on }),
    )
    expect(await statusesOf(ours, 3)).toEqual([200, 200, 429])
  })
})
