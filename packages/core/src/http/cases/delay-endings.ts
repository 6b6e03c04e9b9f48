import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { leakyBucket } from '../../algorithms/leaky-bucket.ts'
import { same } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import type { Mode, Store } from '../../store.ts'
import type { HttpCase } from './app.ts'
import { flowing, httpCase } from './world.ts'

/** The store with another `take`, and without a failure policy, which would answer instead. */
function without(store: Store, take: Store['take']): Store {
  const { mode, open, forget } = store
  return { mode, open, forget, take }
}

/** How requests that are held back end otherwise than by their turn. */
export const delayEndingCases: readonly HttpCase[] = [
  httpCase('a limiter that closes refuses who is held back', async (given) => {
    const world = flowing(given)
    const limiter = createLimiter({
      store: world.store(),
      algorithm: leakyBucket({ capacity: 1, leak: 1, per: '1m' }),
    })
    const app = await world.open(() => ({ limiter, key: () => 'all', delay: { maxWait: '10m' } }))
    same('status', (await app.get()).status, 200)
    const waiting = [app.get(), app.get()]
    for (let left = 60_000; left < 170_000;)
      left = await new Promise<number>((resolve) => {
        setTimeout(
          () => void Promise.resolve(limiter.peek('all')).then(({ retryAfterMs }) => resolve(retryAfterMs)),
          5,
        )
      })
    await limiter.close()
    for (const { status, headers } of await Promise.all(waiting)) {
      same('status', status, 429)
      same('retry-after', Number(headers['retry-after']) >= 1, true)
    }
  }),

  httpCase('a store that fails while somebody is held back fails that request', async (given) => {
    const world = flowing(given)
    let fails = false
    const bare = world.store()
    const take: Store['take'] = (charges) => {
      if (fails) throw new Error('gone')
      return bare.take(charges)
    }
    const limiter = createLimiter<Mode>({
      store: without(bare, take),
      algorithm: fixedWindow({ limit: 1, window: 300 }),
    })
    const app = await world.open(() => ({ limiter, key: () => 'all', delay: {} }))
    same('status', (await app.get()).status, 200)
    const waiting = app.get()
    await new Promise((resolve) => setTimeout(resolve, 100))
    fails = true
    same('status', (await waiting).status, 500)
    same(
      'errors',
      app.errors.map((error) => (error as Error).message),
      ['gone'],
    )
    fails = false
    same('status', (await app.get()).status, 200)
  }),
]
