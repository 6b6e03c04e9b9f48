/** What docs/migrate.md says of hono-rate-limiter, tried with both libraries. */

import { MemoryStore } from 'hono-rate-limiter'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLimiter, fixedWindow, memoryStore } from '../packages/core/src/index.ts'
import { byIp, rateLimit } from '../packages/hono/src/index.ts'
import { honoApp } from './testing/apps.ts'
import { type Send, statusesOf } from './testing/requests.ts'
import { keyGenerator, limit, ofHono, window, windowMs } from './testing/theirs.ts'

const NOW = 1_790_000_000_400
const key = keyGenerator

const fields = async (send: Send, path: string): Promise<string[]> =>
  Object.keys((await send({ path })).headers).filter((name) => name.includes('ratelimit'))

describe('From hono-rate-limiter', () => {
  it('A raw Response keeps its headers', async () => {
    const before = honoApp(ofHono())
    expect(await fields(before, '/')).toContain('ratelimit-remaining')
    expect(await fields(before, '/raw')).toEqual([])
    expect(await fields(honoApp(rateLimit({ limit, window, key, headers: 'draft-6' })), '/raw')).toContain(
      'ratelimit-remaining',
    )
  })

  it('Two limiters both show', async () => {
    const { headers } = await honoApp(ofHono(), ofHono({ limit: 9 }))()
    expect([headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual(['9', '8'])
    const ours = [
      rateLimit({ name: 'small', limit, window, key }),
      rateLimit({ name: 'large', limit: 9, window, key }),
    ]
    const both = (await honoApp(...ours)()).headers
    expect(both['ratelimit-policy']).toContain('"small";q=2;w=60')
    expect(both['ratelimit-policy']).toContain('"large";q=9;w=60')
    expect(both['x-ratelimit-remaining']).toBe('1')
  })

  it('A late refund stays in its window', () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: NOW })
    onTestFinished(() => void vi.useRealTimers())
    const store = new MemoryStore()
    store.init({ windowMs } as Parameters<typeof store.init>[0])
    store.increment('key') // is answered in the next window, and fails
    vi.setSystemTime(NOW + windowMs)
    store.increment('key')
    store.decrement('key')
    expect(store.get('key')?.totalHits).toBe(0)

    let now = NOW
    const limiter = createLimiter({
      algorithm: fixedWindow({ limit, window }),
      store: memoryStore({ clock: () => now }),
    })
    const late = limiter.take('key')
    now += windowMs
    limiter.take('key')
    limiter.refund(late)
    expect(limiter.peek('key').used).toBe(1)
  })

  it('Retry-After does not depend on headers', async () => {
    const last = async (limiter: unknown): Promise<unknown> => {
      const send = honoApp(limiter)
      await statusesOf(send, limit)
      const { status, headers } = await send()
      return [status, headers['retry-after']]
    }
    expect(await last(ofHono({ standardHeaders: false }))).toEqual([429, undefined])
    const algorithm = fixedWindow({ limit, window })
    expect(await last(rateLimit({ algorithm, key, headers: false }))).toEqual([429, '60'])
  })

  it('An IPv6 client is a network', async () => {
    const posing = async (limiter: unknown): Promise<number[]> => {
      const send = honoApp(limiter)
      const statuses: number[] = []
      for (const last of ['1', '2', '3']) {
        statuses.push(...(await statusesOf(send, 1, { headers: { 'X-Address': `2001:db8:1:200::${last}` } })))
      }
      return statuses
    }
    type Asked = { req: { header(name: string): string | undefined } }
    const address = (c: Asked): string => c.req.header('x-address') ?? ''
    expect(await posing(ofHono({ limit: 1, keyGenerator: address }))).toEqual([200, 200, 200])
    const connInfo = (c: Asked): { remote: { address: string } } => ({ remote: { address: address(c) } })
    expect(await posing(rateLimit({ limit: 1, window, key: byIp({ connInfo }) }))).toEqual([200, 429, 429])
  })

  it('Handlers find a decision', async () => {
    const seen = async (limiter: unknown): Promise<string[]> =>
      Object.keys((JSON.parse((await honoApp(limiter)({ path: '/seen' })).body) as { seen: object }).seen)
    expect((await seen(ofHono())).toSorted()).toEqual(['limit', 'remaining', 'resetTime', 'used'])
    expect(await seen(rateLimit({ limit, window, key }))).toEqual(
      expect.arrayContaining(['limit', 'remaining', 'used', 'resetMs', 'policy', 'policies', 'at']),
    )
  })
})
