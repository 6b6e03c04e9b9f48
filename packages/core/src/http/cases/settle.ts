import { tokenBucket } from '../../algorithms/token-bucket.ts'
import { same } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import { byHeader } from '../keys.ts'
import type { HttpCase } from './app.ts'
import { ended, openSettled, watched } from './settlements.ts'
import { httpCase, remaining } from './world.ts'

const key = byHeader('x-client')
const bucket = tokenBucket({ capacity: 10, refill: 1, per: '1s' })

/** `settle`: what a request cost after all. */
export const settleCases: readonly HttpCase[] = [
  ...([false, true] as const).map((isAsync) =>
    httpCase(`what a request cost after all is charged: ${isAsync ? 'later' : 'at once'}`, async (world) => {
      const costs = [0, 2, 4, undefined, 5]
      const asked: unknown[] = []
      const { app, calls, reached } = await openSettled(world, (clientOf) => ({
        cost: 4,
        algorithm: tokenBucket({ capacity: 100, refill: 1, per: '1h' }),
        settle(...all) {
          const { status, aborted } = all.at(-1) as { status: number; aborted: boolean }
          asked.push([clientOf(all), status, aborted])
          const cost = costs[asked.length - 1]
          return isAsync ? Promise.resolve(cost) : cost
        },
      }))
      for (let times = 1; times <= costs.length; times++) {
        await app.get(times === 1 ? '/boom' : '/')
        await reached(times)
      }
      const ok = ['ada', 200, false]
      same('asked', asked, [['ada', 500, false], ok, ok, ok, ok])
      same('settlements', calls, [
        ['requests refund 4', ended],
        ['requests refund 2', ended],
        [ended],
        [ended],
        ['requests force 1', ended],
      ])
      same('left', remaining(await app.get()), 100 - 0 - 2 - 4 - 4 - 5 - 4)
    }),
  ),

  ...(
    [
      [undefined, 10, 11],
      [3, 3, 4],
      [0, 0, 1],
    ] as const
  ).map(([maxDebt, charged, waitS]) =>
    httpCase(`what is missing is charged into debt, at most ${maxDebt ?? 'the limit'}`, async (world) => {
      const { app, calls, reached } = await openSettled(world, {
        algorithm: bucket,
        cost: 10,
        settle: () => 500,
        ...(maxDebt !== undefined && { maxDebt }),
      })
      await app.get()
      await reached(1)
      same('settlement', calls, [charged > 0 ? [`requests force ${charged}`, ended] : [ended]])
      // To have 10 again, the debt and 10 have to come back.
      const waitMs = (waitS - 1 + 10) * 1000
      const denied = await app.get()
      same('status', denied.status, 429)
      same('retry-after', denied.headers['retry-after'], `${waitMs / 1000}`)
      world.clock.now += waitMs - 1
      same('too soon', (await app.get()).status, 429)
      world.clock.now++
      same('in time', (await app.get()).status, 200)
    }),
  ),

  httpCase('a request that is free until its cost is known is charged', async (world) => {
    const { app, calls, reached } = await openSettled(world, { cost: () => 0, settle: () => 7 })
    same('left', remaining(await app.get()), 9)
    await reached(1)
    same('settlement', calls, [['requests force 7', ended]])
    same('left then', remaining(await app.get()), 2)
  }),

  httpCase('policies are settled apart, in one call', async (world) => {
    const { store, calls, reached } = watched(world.store())
    const tokens = { algorithm: bucket, key, cost: 4 }
    const app = await world.open(() => ({
      store,
      policies: [
        { ...tokens, name: 'input', settle: () => 3 },
        { ...tokens, name: 'output', settle: async () => Promise.resolve(5), refundWhen: 'failed' },
        { ...tokens, name: 'requests', cost: 1 },
      ],
    }))
    await app.get()
    await reached(1)
    await app.get('/missing')
    await reached(2)
    same('settlements', calls, [
      ['input refund 1', 'output force 1'],
      ['input refund 1', 'output refund 4'],
    ])
    const { headers } = await app.get()
    const left = [10 - 3 - 3 - 4, 10 - 5 - 0 - 4, 10 - 3]
    same(
      'left',
      headers['ratelimit']?.match(/r=\d/g),
      left.map((units) => `r=${units}`),
    )
  }),

  httpCase('all policies of a limiter that others use too are settled', async (world) => {
    const { store, calls, reached } = watched(world.store())
    const names = ['few', 'many'] as const
    const limiter = createLimiter({ store, policies: names.map((name) => ({ name, algorithm: bucket })) })
    let asked = 0
    const settle = (): number => 3 + asked++
    const app = await world.open(() => ({ limiter, key, cost: 2, settle, maxDebt: 5 }))
    for (let times = 1; times <= 2; times++) {
      await app.get()
      await reached(times)
    }
    same('settlements', calls, [
      ['few force 1', 'many force 1'],
      ['few force 2', 'many force 2'],
    ])
  }),
]
