/** What docs/migrate.md says of koa-ratelimit, tried with both libraries. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { fixedWindow, rateLimit } from '../packages/koa/src/index.ts'
import { redisOfRun } from '../scripts/servers/of-run.ts'
import { koaApp } from './testing/apps.ts'
import { type Middleware, Redis } from './testing/peers.ts'
import { type Send, statusesOf } from './testing/requests.ts'
import { limit, ofKoa, window } from './testing/theirs.ts'

async function refusedBy(limiter: Middleware): Promise<Awaited<ReturnType<Send>>> {
  const send = await koaApp(limiter)
  await statusesOf(send, limit)
  return send()
}

describe('From koa-ratelimit', () => {
  it('Retry-After is never early', async () => {
    const { headers } = await refusedBy(ofKoa())
    const reset = Number(headers['x-ratelimit-reset'])
    // It ends within a minute from the first request, and so later than a client is told to come back.
    expect(Number(headers['retry-after'])).toBe(59)
    expect(reset - Date.parse(String(headers.date)) / 1000).toBeGreaterThan(59)

    let waitMs = 0
    const ours = rateLimit({ algorithm: fixedWindow({ limit, window }) })
    const seen = await refusedBy(async (ctx, next) => {
      await ours(ctx, next)
      waitMs = (ctx.state['rateLimit'] as { retryAfterMs: number }).retryAfterMs
    })
    expect(waitMs).toBeGreaterThan(59_000)
    expect(Number(seen.headers['retry-after']) * 1000).toBeGreaterThanOrEqual(waitMs)
  })

  it('Headers survive errors', async () => {
    const boom = async (limiter: Middleware): Promise<unknown> => {
      const { status, headers } = await (await koaApp(limiter))({ path: '/boom' })
      return [status, headers['x-ratelimit-remaining']]
    }
    expect(await boom(ofKoa())).toEqual([500, undefined])
    expect(await boom(rateLimit({ limit, window }))).toEqual([500, '1'])
  })

  it('Handlers find a decision', async () => {
    const seen = async (limiter: Middleware): Promise<unknown> =>
      (JSON.parse((await (await koaApp(limiter))({ path: '/seen' })).body) as { seen: unknown }).seen
    expect(await seen(ofKoa())).toBeNull()
    expect(await seen(rateLimit({ limit, window }))).toMatchObject({ allowed: true, limit, remaining: 1 })
  })

  it('An IPv6 client is a network', async () => {
    const posing = async (limiter: Middleware): Promise<number[]> => {
      const send = await koaApp(limiter, { proxy: true })
      const from = (last: number): Promise<number[]> =>
        statusesOf(send, 1, { headers: { 'X-Forwarded-For': `2001:db8:1:200::${last}` } })
      return [await from(1), await from(2), await from(3)].flat()
    }
    expect(await posing(ofKoa({ max: 1 }))).toEqual([200, 200, 200])
    expect(await posing(rateLimit({ limit: 1, window }))).toEqual([200, 429, 429])
  })

  it('Whom both lists name is let through', async () => {
    const everybody = (): boolean => true
    const theirs = await koaApp(ofKoa({ whitelist: everybody, blacklist: everybody }))
    const ours = await koaApp(rateLimit({ limit, window, skip: everybody, deny: everybody }))
    expect([(await theirs()).status, (await ours()).status]).toEqual([403, 200])
  })

  it('A limit of 0 refuses', async () => {
    const { host, port, prefix } = await redisOfRun()
    const db = new Redis({ host, port })
    onTestFinished(() => db.disconnect())
    expect(await statusesOf(await koaApp(ofKoa({ max: 0 })), 1)).toEqual([429])
    expect(
      await statusesOf(await koaApp(ofKoa({ driver: 'redis', db, namespace: prefix, max: 0 })), 1),
    ).toEqual([500])
    expect(await statusesOf(await koaApp(rateLimit({ limit: 0, window })), 1)).toEqual([429])
  })
})
