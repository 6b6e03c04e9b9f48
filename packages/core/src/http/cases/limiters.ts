import { concurrency } from '../../algorithms/concurrency.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import type { Mode } from '../../store.ts'
import type { HttpCase } from './app.ts'
import { httpCase, remaining, statuses } from './world.ts'

/** Limiters that others use too. */
export const limiterCases: readonly HttpCase[] = [
  httpCase('counts with the limiter that it is given', async ({ open, store }) => {
    const limiter = createLimiter({ store: store(), limit: 5, window: '10s' })
    const app = await open(() => ({ limiter, key: () => 'ada', cost: 2 }))
    same('left', remaining(await app.get()), 3)
    await limiter.take('ada')
    same('statuses', await statuses(2, app.get), [200, 429])
  }),

  httpCase('follows the limiter that it is given', async ({ open, store }) => {
    const limiter = createLimiter<Mode, string>({
      store: store(),
      policies: [
        { name: 'burst', algorithm: fixedWindow({ limit: 5, window: '10s' }) },
        { name: 'daily', algorithm: fixedWindow({ limit: 50, window: '1d' }) },
      ],
    })
    let looks = 0
    const key = async (): Promise<string> => {
      looks++
      return Promise.resolve('ada')
    }
    const app = await open(() => ({ limiter, key }))
    same('before', (await app.get()).headers['ratelimit'], '"burst";r=4;t=10, "daily";r=49;t=86400')
    same('looks for the key', looks, 1)
    limiter.update({
      policies: [
        { name: 'daily', algorithm: fixedWindow({ limit: 60, window: '1d' }) },
        { name: 'slots', algorithm: concurrency({ limit: 9, ttl: '1m' }) },
      ],
    })
    same('after', (await app.get()).headers['ratelimit'], '"daily";r=58;t=86400, "slots";r=8')
  }),
]
