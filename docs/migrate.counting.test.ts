/** What docs/migrate.md says of how all other libraries count, tried with each of them and with Sluice. */

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLimiter, fixedWindow, memoryStore } from '../packages/core/src/index.ts'
import { rateLimit } from '../packages/express/src/index.ts'
import { expressApp, honoApp, koaApp } from './testing/apps.ts'
import { consumed, flexible } from './testing/peers.ts'
import { statusesOf } from './testing/requests.ts'
import { limit, ofExpress, ofHono, ofKoa, window, windowMs } from './testing/theirs.ts'

const NOW = 1_790_000_000_400

/** The time of others: what they ask is `Date`. */
function timeAt(now: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now })
  onTestFinished(() => void vi.useRealTimers())
}

describe('What changes with all of them', () => {
  it('A refusal costs nothing', async () => {
    let allowed = limit
    const raised = { windowMs, limit: () => allowed }
    const sends = [
      await expressApp(ofExpress(raised)),
      honoApp(ofHono({ ...raised })),
      await expressApp(rateLimit({ algorithm: () => fixedWindow({ limit: allowed, window }) })),
    ]
    const seen: number[][] = []
    for (const send of sends) {
      allowed = limit
      await statusesOf(send, 6)
      allowed = 4
      seen.push(await statusesOf(send, 3))
    }
    expect(seen).toEqual([
      [429, 429, 429],
      [429, 429, 429],
      [200, 200, 429],
    ])
    // 7 of 10, then 5 that are refused: 3 are left.
    expect(await consumed(new flexible.RateLimiterMemory({ points: 10, duration: 60 }), [7, 5, 1])).toEqual([
      true,
      false,
      false,
    ])
    const limiter = createLimiter({ limit: 10, window, store: memoryStore({ clock: () => NOW }) })
    expect([7, 5, 1].map((cost) => limiter.take('key', { cost }).allowed)).toEqual([true, false, true])
  })

  it('Windows slide', async () => {
    // A first request; then the rest, and all of the next window, within 2 ms around its edge.
    const after = [0, windowMs - 1, windowMs + 1, windowMs + 1]
    const theirs = await expressApp(ofExpress())
    const seen: number[] = []
    timeAt(NOW)
    for (const ms of after) {
      vi.setSystemTime(NOW + ms)
      seen.push((await theirs()).status)
    }
    expect(seen).toEqual([200, 200, 200, 200])
    let now = NOW
    const store = memoryStore({ clock: () => now })
    const sliding = createLimiter({ limit, window, store })
    const fixed = createLimiter({ name: 'fixed', algorithm: fixedWindow({ limit, window }), store })
    const allowed = after.map((ms) => {
      now = NOW + ms
      return [sliding.take('key').allowed, fixed.take('key').allowed]
    })
    expect(allowed.map(([, byFixed]) => byFixed)).toEqual([true, true, true, true])
    expect(allowed.map(([bySliding]) => bySliding).filter(Boolean).length).toBeLessThan(4)
    const waits = createLimiter({ name: 'at once', limit, window, store })
    waits.take('key', { cost: 2 })
    expect(waits.take('key').retryAfterMs).toBeGreaterThan(windowMs)
  })

  it('Long windows hold', async () => {
    const days = 30 * 86_400_000
    const send = await expressApp(ofExpress({ windowMs: days, limit: 1 }))
    const hono = honoApp(ofHono({ windowMs: days, limit: 1 }))
    const memory = new flexible.RateLimiterMemory({ points: 1, duration: days / 1000 })
    const soon = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5))
    const seen: unknown[][] = []
    for (let turn = 0; turn < 3; turn++) {
      seen.push([(await send()).status, (await hono()).status, ...(await consumed(memory, [1]))])
      // Their timers end after a millisecond.
      await soon()
    }
    expect(seen).toEqual(Array.from({ length: 3 }, () => [200, 200, true]))
    const ours = await expressApp(rateLimit({ window: '30d', limit: 1 }))
    const first = await statusesOf(ours, 1)
    await soon()
    expect([...first, ...(await statusesOf(ours, 2))]).toEqual([200, 429, 429])
  })

  it('Requests of one instant are counted apart', async () => {
    const five = { limit: 3 }
    const refused = [429, 429, 429, 429, 429]
    const inTurn = [200, 200, 200, 429, 429]
    expect(await (await expressApp(ofExpress(five))).together(5)).toEqual(refused)
    expect(await (await koaApp(ofKoa({ max: 3 }))).together(5)).toEqual(refused)
    expect(await honoApp(ofHono({ ...five })).together(5)).toEqual(refused)
    expect(await (await expressApp(rateLimit({ ...five, window }))).together(5)).toEqual(inTurn)
  })
})
