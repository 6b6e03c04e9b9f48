import { fixedWindow } from '../algorithms/fixed-window.ts'
import { tokenBucket } from '../algorithms/token-bucket.ts'
import { call, open, same, type StoreCase, storeCase } from './calls.ts'

const DAY_MS = 86_400_000

/** Windows of these lengths are where stores lose their limits: sub-second, odd, above 2^31 ms and above 30 days. */
const WINDOWS_MS = [1, 500, 1500, 25 * DAY_MS, 31 * DAY_MS, 366 * DAY_MS, 3660 * DAY_MS]

/** What every store does about time. */
export const timeCases: readonly StoreCase[] = [
  ...WINDOWS_MS.map((windowMs) =>
    storeCase(`enforces a window of ${windowMs} ms to its last millisecond`, async (store, clock) => {
      const slot = open(store, fixedWindow({ limit: 1, window: windowMs }))
      same('first', (await call(store, { slot })).ruling.allowed, true)
      same('second', (await call(store, { slot })).charges[0]?.retryAfterMs, windowMs)
      clock.now += windowMs - 1
      same('a millisecond early', (await call(store, { slot })).ruling.allowed, false)
      clock.now += 1
      same('in time', (await call(store, { slot })).ruling.allowed, true)
    }),
  ),

  storeCase('stands still while the clock is behind, and says so in its waits', async (store, clock) => {
    const slot = open(store, tokenBucket({ capacity: 10, refill: 10, per: '1s' }))
    await call(store, { slot, cost: 10 })
    clock.now -= 30_000
    const behind = await call(store, { slot })
    same('allowed', behind.ruling.allowed, false)
    same('wait', behind.charges[0]?.retryAfterMs, 30_100)
    clock.now += 30_099
    same('too soon', (await call(store, { slot })).ruling.allowed, false)
    clock.now += 1
    same('in time', (await call(store, { slot })).ruling.allowed, true)
  }),

  storeCase('takes the new time when the clock is far behind, with what was used', async (store, clock) => {
    const slot = open(store, tokenBucket({ capacity: 10, refill: 10, per: '1s' }))
    await call(store, { slot, cost: 10 })
    clock.now -= DAY_MS
    same('wait', (await call(store, { slot })).charges[0]?.retryAfterMs, 100)
    clock.now += 99
    same('too soon', (await call(store, { slot })).ruling.allowed, false)
    clock.now += 1
    same('in time', (await call(store, { slot })).ruling.allowed, true)
  }),

  storeCase('grants nothing to a clock that goes to and fro', async (store, clock) => {
    const slot = open(store, fixedWindow({ limit: 10, window: '1m' }))
    let admitted = 0
    for (let turn = 0; turn < 100; turn++) {
      clock.now += turn % 2 === 0 ? 50_000 : -50_000
      if ((await call(store, { slot })).ruling.allowed) admitted++
    }
    same('admitted', admitted, 10)
  }),
]
