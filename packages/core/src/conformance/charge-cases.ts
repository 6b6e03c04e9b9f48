import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { answerOf, call, open, same, type StoreCase, storeCase } from './calls.ts'

/** What every store does with charges that are more than a take: ahead of time, by force, back again, as a block. */
export const chargeCases: readonly StoreCase[] = [
  storeCase('lets a take queue whose turn comes in time, in debt, and says when', async (store, clock) => {
    const slot = open(store, tokenBucket({ capacity: 1, refill: 1, per: '1s' }))
    await call(store, { slot })
    const due = async (withinMs: number): Promise<unknown> => {
      const { ruling, charges } = await call(store, { slot, withinMs })
      return [ruling.allowed, charges[0]?.retryAfterMs]
    }
    same('too late by a millisecond', await due(999), [false, 1000])
    same('in time', await due(1000), [true, 1000])
    same('behind the first', await due(2000), [true, 2000])
    same('too late', await due(2000), [false, 3000])
    clock.now += 1000
    same('a second on', await due(2000), [true, 2000])
  }),

  storeCase('forces a charge into debt, which is paid off first', async (store, clock) => {
    const slot = open(store, tokenBucket({ capacity: 10, refill: 1, per: '1s' }))
    const forced = await call(store, { slot, cost: 15, kind: 'force' })
    same('ruling', forced.ruling.allowed, true)
    same('remaining', forced.charges[0]?.remaining, 0)
    same('reset', forced.charges[0]?.resetMs, 15_000)
    clock.now += 5999
    same('too soon', (await call(store, { slot })).ruling.allowed, false)
    clock.now += 1
    same('in time', (await call(store, { slot })).ruling.allowed, true)
  }),

  storeCase('refunds by receipt, never above full', async (store, clock) => {
    const slot = open(store, slidingLog({ limit: 10, window: '1m' }))
    const { ruling } = await call(store, { slot, cost: 4 })
    clock.now += 500
    await call(store, { slot, cost: 1 })
    await call(store, { slot, cost: 3, kind: 'refund', at: ruling.at })
    same('after a part', (await call(store, { slot, cost: 0 })).charges[0]?.remaining, 8)
    await call(store, { slot, cost: 9, kind: 'refund', at: ruling.at })
    same('after the rest', (await call(store, { slot, cost: 0 })).charges[0]?.remaining, 9)
    await call(store, { slot, cost: 1, kind: 'refund', at: ruling.at + 1 })
    same('another receipt', (await call(store, { slot, cost: 0 })).charges[0]?.remaining, 9)
  }),

  storeCase('moves a slot that is held from one instant to the next', async (store, clock) => {
    const slot = open(store, concurrency({ limit: 1, ttl: '10s' }))
    const first = await call(store, { slot })
    clock.now += 8000
    await call(store, { slot, kind: 'refund', at: first.ruling.at }, { slot, kind: 'force' })
    const refused = await call(store, { slot })
    same('answer', refused.charges.map(answerOf), [
      { allowed: false, remaining: 0, retryAfterMs: 10_000, resetMs: 10_000 },
    ])
  }),

  storeCase('grants more than the cost where it may, up to an eighth of what remains', async (store) => {
    const slot = open(store, fixedWindow({ limit: 100, window: '1m' }))
    const first = await call(store, { slot, upTo: 50 })
    same('granted', first.charges[0]?.cost, 12)
    same('remaining', first.charges[0]?.remaining, 88)
    same('bounded', (await call(store, { slot, upTo: 5 })).charges[0]?.cost, 5)
    same('at least the cost', (await call(store, { slot, cost: 80, upTo: 90 })).charges[0]?.cost, 80)
  }),
]
