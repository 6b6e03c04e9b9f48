import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { oneKey } from '../testing/one-key.ts'
import { gcra } from './gcra.ts'
import { leakyBucket } from './leaky-bucket.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const ten = tokenBucket({ capacity: 10, refill: 5, per: '1s' })

describe('leakyBucket and gcra', () => {
  it('are tokenBucket under other names', () => {
    const names: [Algorithm, Algorithm][] = [
      [leakyBucket({ capacity: 10, leak: 5, per: '1s' }), ten],
      [gcra({ limit: 5, window: '1s', burst: 10 }), ten],
      [gcra({ limit: 10, window: '2s' }), ten],
    ]
    for (const [algorithm, same] of names) {
      const { kind, limit, windowMs } = algorithm
      expect([kind, limit, windowMs, algorithm.args(0)]).toEqual(['tokenBucket', 10, 2000, same.args(0)])
    }
  })

  it('make the same decisions', () => {
    const call = fc.record({
      after: fc.integer({ min: -500, max: 3000 }),
      cost: fc.integer({ min: 0, max: 25 }),
    })
    fc.assert(
      fc.property(fc.array(call), (calls) => {
        const token = oneKey(tokenBucket({ capacity: 20, refill: 10, per: '1s' }))
        const leaky = oneKey(leakyBucket({ capacity: 20, leak: 10, per: '1s' }))
        const cells = oneKey(gcra({ limit: 10, window: '1s', burst: 20 }))
        let now = noon
        for (const { after, cost } of calls) {
          const answer = token.take((now += after), cost)
          expect([leaky.take(now, cost), cells.take(now, cost)]).toEqual([answer, answer])
        }
      }),
    )
  })
})
