import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter-types.ts'
import { memoryStore } from './stores/memory.ts'
import { thrown } from './testing/thrown.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const algorithm = fixedWindow({ limit: 3, window: '1m' })

function world(): { clock: { now: number }; limiter: Limiter<'sync', 'default'> } {
  const clock = { now: noon }
  return { clock, limiter: createLimiter({ algorithm, store: memoryStore({ clock: () => clock.now }) }) }
}

describe('reset', () => {
  it('forgets one key, by its name or by a decision', () => {
    const { limiter } = world()
    limiter.take('ada', { cost: 3 })
    const refused = limiter.take('ada')
    limiter.take('bob', { cost: 3 })
    expect(limiter.reset('ada')).toBeUndefined()
    expect(limiter.take('ada', { cost: 3 }).allowed).toBe(true)
    limiter.reset(refused)
    expect([limiter.take('ada').allowed, limiter.take('bob').allowed]).toEqual([true, false])
  })

  it('forgets every key with resetAll', () => {
    const { limiter } = world()
    for (const key of ['ada', 'bob']) limiter.take(key, { cost: 3 })
    limiter.resetAll()
    expect(['ada', 'bob'].map((key) => limiter.take(key).remaining)).toEqual([2, 2])
  })
})

describe('close', () => {
  it('ends a limiter: every later call says so', async () => {
    const { limiter } = world()
    const decision = limiter.take('ada')
    await limiter.close()
    const calls: (() => unknown)[] = [
      () => limiter.take('ada'),
      () => limiter.peek('ada'),
      () => limiter.decide([{ policy: 'default', key: 'ada' }]),
      () => limiter.refund(decision),
      () => limiter.reset('ada'),
      () => limiter.resetAll(),
      () => limiter.update({ algorithm }),
    ]
    for (const call of calls) expect(thrown(call)).toMatch('Error: the limiter is closed')
    await limiter.close()
  })

  it('leaves a store that it was given as it is', async () => {
    const { limiter } = world()
    limiter.take('ada', { cost: 3 })
    await limiter.close()
    const next = createLimiter({ algorithm, store: limiter.store })
    expect(next.take('ada').allowed).toBe(false)
  })
})
