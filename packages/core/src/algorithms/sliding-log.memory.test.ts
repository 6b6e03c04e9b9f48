import { describe, expect, it } from 'vitest'
import type { Answer } from '../algorithm.ts'
import { slidingLog } from './sliding-log.ts'

const noon = Date.UTC(2026, 5, 1, 12)

describe('the memory of a slidingLog', () => {
  it('stays within twice what counts, and right, over ten thousand charges', () => {
    const log = slidingLog({ limit: 1000, window: 300 })
    const state = log.fresh(noon)
    const counting: { at: number; cost: number }[] = []
    const out: Answer = { allowed: false, remaining: 0, retryAfterMs: 0, resetMs: 0 }
    let [now, used] = [noon, 0]
    for (let charge = 0; charge < 10_000; charge++) {
      now += 1 + ((charge * charge) % 7)
      const cost = 1 + (charge % 3)
      log.charge(state, now, cost)
      used += cost
      counting.push({ at: now, cost })
      while ((counting[0]?.at ?? now) <= now - 300) used -= counting.shift()?.cost ?? 0
      log.look(state, now, 0, out)
      expect(out.remaining).toBe(1000 - used)
      expect(state.at.length).toBeLessThan(Math.max(32, counting.length) + counting.length)
      expect(state.cost.length).toBe(state.at.length)
    }
  })

  it.each([
    [64, 31, 65],
    [64, 32, 33],
    [65, 32, 66],
    [40, 31, 41],
    [40, 32, 9],
    [100, 100, 1],
  ])(
    'is cut once 32 entries and half of all have left: of %d, %d have, and %d stay with the new one',
    (entries, left, stay) => {
      const log = slidingLog({ limit: 1000, window: 1000 })
      const state = log.fresh(noon)
      for (let entry = 0; entry < entries; entry++) log.charge(state, noon + entry, 1)
      log.charge(state, noon + 1000 + left - 1, 1)
      expect([state.at.length, state.cost.length]).toEqual([stay, stay])
      expect(state.used).toBe(entries - left + 1)
    },
  )
})
