import { describe, expect, it } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import { heapGrowth } from './testing/heap.ts'

const MEGABYTE = 2 ** 20

describe('what a limiter keeps', () => {
  it('does not grow with a fresh but equal algorithm for each of a million requests', () => {
    const plans = [100, 101, 102].map((capacity) => tokenBucket({ capacity, refill: 1, per: '1h' }))
    const limiter = createLimiter({ limit: 10, window: '1h' })
    const request = (call: number): void => {
      const algorithm = { ...(plans[call % 3] as Algorithm) }
      limiter.decide([{ policy: 'default', key: `user ${call % 10}`, algorithm }])
    }
    for (let call = 0; call < 10_000; call++) request(call)
    const grown = heapGrowth(() => {
      for (let call = 0; call < 1_000_000; call++) request(call)
    })
    expect(grown).toBeLessThan(3 * MEGABYTE)
  })

  it('does not grow with requests, refused or not, asked, refunded or reset', () => {
    const limiter = createLimiter({ algorithm: slidingLog({ limit: 5, window: '1h' }) })
    const request = (call: number): void => {
      const key = `user ${call % 10}`
      const decision = limiter.take(key)
      limiter.peek(key)
      limiter.hold(decision)
      limiter.refund(decision)
      if (call % 100 === 0) limiter.reset(decision)
    }
    for (let call = 0; call < 10_000; call++) request(call)
    const grown = heapGrowth(() => {
      for (let call = 0; call < 20_000; call++) request(call)
    })
    expect(grown).toBeLessThan(MEGABYTE)
  })

  it('does not grow with updates', () => {
    const plans: Algorithm[] = [
      fixedWindow({ limit: 5, window: '1h' }),
      slidingLog({ limit: 5, window: '1h' }),
      tokenBucket({ capacity: 5, refill: 1, per: '1h' }),
    ]
    const limiter = createLimiter({ limit: 5, window: '1h' })
    const change = (call: number): void => {
      limiter.update({ algorithm: plans[call % 3] as Algorithm })
      limiter.refund(limiter.take('ada'))
    }
    for (let call = 0; call < 3000; call++) change(call)
    const grown = heapGrowth(() => {
      for (let call = 0; call < 10_000; call++) change(call)
    })
    expect(grown).toBeLessThan(MEGABYTE)
  })
})
