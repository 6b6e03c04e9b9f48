/** What docs/migrate.md says of express-rate-limit, tried with both libraries. */

import { ipKeyGenerator, rateLimit as theirs } from 'express-rate-limit'
import { describe, expect, it } from 'vitest'
import { ipKey } from '../packages/core/src/keys.ts'
import { fixedWindow, rateLimit } from '../packages/express/src/index.ts'
import { expressApp } from './testing/apps.ts'
import { limit, ofExpress, window, windowMs } from './testing/theirs.ts'
import type { Express, RequestHandler } from './testing/peers.ts'
import { type Seen, statusesOf } from './testing/requests.ts'

/** What a client sees of three requests, of which the last one is refused. */
async function seenBy(limiter: RequestHandler): Promise<Seen[]> {
  const send = await expressApp(limiter)
  return [await send(), await send(), await send()]
}

const field = (seen: readonly Seen[], name: string): unknown[] => seen.map(({ headers }) => headers[name])

describe('From express-rate-limit', () => {
  it('Headers have the same names and figures', async () => {
    const formats = [
      [{}, 'legacy', ['x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after']],
      [{ standardHeaders: 'draft-7' }, 'draft-7', ['ratelimit', 'ratelimit-policy']],
      [{ standardHeaders: true }, 'draft-6', ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']],
    ] as const
    for (const [theirFormat, headers, names] of formats) {
      const seen = await seenBy(ofExpress(theirFormat))
      const ours = await seenBy(rateLimit({ algorithm: fixedWindow({ limit, window }), headers }))
      for (const name of names) {
        expect(field(seen, name)[2]).toBeDefined()
        expect(field(ours, name)).toEqual(field(seen, name))
      }
    }
  })

  it('Two formats are sent by default', async () => {
    const names = (seen: readonly Seen[]): string[] =>
      Object.keys(seen[0]?.headers ?? {}).filter((name) => name.includes('ratelimit'))
    const legacy = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
    expect(names(await seenBy(ofExpress())).toSorted()).toEqual(legacy)
    expect(names(await seenBy(rateLimit({ limit, window }))).toSorted()).toEqual(
      ['ratelimit', 'ratelimit-policy', ...legacy, 'x-ratelimit-used'].toSorted(),
    )
  })

  it('Retry-After does not depend on headers', async () => {
    const silent = await seenBy(ofExpress({ legacyHeaders: false }))
    expect(silent[2]?.status).toBe(429)
    expect(field(silent, 'retry-after')[2]).toBeUndefined()
    const ours = await seenBy(rateLimit({ algorithm: fixedWindow({ limit, window }), headers: false }))
    expect(field(ours, 'retry-after')[2]).toBe('60')
  })

  it('Keys carry their kind', async () => {
    const theirLimiter = theirs({ windowMs, limit })
    await seenBy(theirLimiter)
    expect(await theirLimiter.getKey('127.0.0.1')).toMatchObject({ totalHits: 3 })
    const middleware = rateLimit({ limit, window })
    await seenBy(middleware)
    expect(middleware.limiter.peek('127.0.0.1').used).toBe(0)
    expect(middleware.limiter.peek(ipKey('127.0.0.1')).used).toBe(2)
    middleware.limiter.reset(ipKey('127.0.0.1'))
    expect(middleware.limiter.peek(ipKey('127.0.0.1')).used).toBe(0)
  })

  it('Clients behind NAT64 are told apart', () => {
    const clients = ['64:ff9b::203.0.113.7', '64:ff9b::198.51.100.1']
    expect(clients.map((client) => ipKeyGenerator(client))).toEqual(['64:ff9b::/56', '64:ff9b::/56'])
    expect(clients.map((client) => ipKey(client))).toEqual(['ip:203.0.113.7', 'ip:198.51.100.1'])
  })

  it('A limit of 0 promises no time', async () => {
    const seen = await seenBy(ofExpress({ limit: 0 }))
    const ours = await seenBy(rateLimit({ limit: 0, window }))
    expect([seen, ours].map(([first]) => first?.status)).toEqual([429, 429])
    expect(field(seen, 'retry-after')[0]).toBe('60')
    expect(field(ours, 'retry-after')[0]).toBeUndefined()
  })

  it('Express is believed about proxies', async () => {
    const logged: string[] = []
    const logger = { error: (error: unknown) => void logged.push(String(error)), warn: () => undefined }
    const trusting = (app: Express): void => void app.set('trust proxy', true)
    /** Of three requests, each from an address that the client made up. */
    const posing = async (limiter: RequestHandler): Promise<number[]> => {
      const send = await expressApp(limiter, trusting)
      const from = (last: number): Promise<number[]> =>
        statusesOf(send, 1, { headers: { 'X-Forwarded-For': `203.0.113.${last}, 192.0.2.1` } })
      return [await from(1), await from(2), await from(3)].flat()
    }
    expect(await posing(ofExpress({ limit: 1, validate: true, logger }))).toEqual([200, 200, 200])
    expect(logged.join()).toContain("The Express 'trust proxy' setting is true")
    expect(await posing(rateLimit({ limit: 1, window }))).toEqual([200, 200, 200])
    expect(await posing(rateLimit({ limit: 1, window, trustProxy: 'loopback' }))).toEqual([200, 429, 429])
  })

  it('Failed and successful mean the same', async () => {
    const pairs = [
      [ofExpress({ skipFailedRequests: true }), rateLimit({ limit, window, refundWhen: 'failed' })],
      [ofExpress({ skipSuccessfulRequests: true }), rateLimit({ limit, window, refundWhen: 'successful' })],
      [
        ofExpress({ skipFailedRequests: true, requestWasSuccessful: (_req, res) => res.statusCode === 400 }),
        rateLimit({ limit, window, refundWhen: (_req, _res, status) => status !== 400 }),
      ],
    ] as const
    const statuses: number[][][] = []
    for (const pair of pairs) {
      for (const limiter of pair) {
        const send = await expressApp(limiter)
        const failed = await statusesOf(send, 4, { path: '/failed' })
        statuses.push([failed, await statusesOf(await expressApp(limiter), 4)])
      }
    }
    const [failed, ourFailed, successful, ourSuccessful, judged, ourJudged] = statuses
    expect([ourFailed, ourSuccessful, ourJudged]).toEqual([failed, successful, judged])
    expect(failed?.[0]).toEqual([400, 400, 400, 400])
    expect(successful?.[0]).toEqual([400, 400, 429, 429])
    expect(judged?.[0]).toEqual([400, 400, 429, 429])
  })
})
