import { describe, expect, it, vi } from 'vitest'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { createLimiter } from './limiter.ts'
import type { DecisionSource } from './algorithm.ts'
import type { Charge, FailureEvents, OnStoreError, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { laterStore } from './testing/later-store.ts'
import { thrown } from './testing/thrown.ts'
import { noon } from './testing/worlds.ts'

const three = fixedWindow({ limit: 3, window: '1h' })

/** What each charge of a store's calls says. */
type Seen = [kind: string, at: number, from: DecisionSource]

/** A store that can be guarded, and notes by what, and what its guarded self is asked for. */
function guardable(source: DecisionSource = 'store'): {
  store: Store<'async'>
  guards: unknown[]
  events: FailureEvents[]
  seen: Seen[]
  gaveBack: () => number
} {
  const memory = memoryStore({ clock: () => noon })
  const guards: (OnStoreError | undefined)[] = []
  const events: FailureEvents[] = []
  const seen: Seen[] = []
  const giveBack = vi.fn<() => void>()
  const guarded: Store<'async'> = {
    ...laterStore(memory),
    giveBack,
    take: async (charges: readonly Charge[]) => {
      seen.push(...charges.map(({ kind, at, from }): Seen => [kind, at, from]))
      return Promise.resolve({ ...memory.take(charges), source })
    },
  }
  const store: Store<'async'> = {
    ...laterStore(memory),
    take: async () => Promise.reject(new Error('not guarded')),
    guarded(onStoreError, on) {
      guards.push(onStoreError)
      events.push(on)
      return guarded
    },
  }
  return { store, guards, events, seen, gaveBack: () => giveBack.mock.calls.length }
}

describe('a store that can fail', () => {
  it('is guarded by the failure policy of each limiter, and stays what the limiter shows', async () => {
    const { store, guards, gaveBack } = guardable()
    const limiter = createLimiter({ store, algorithm: three })
    createLimiter({ store, algorithm: three, shared: true, onStoreError: 'deny' })
    expect(guards).toEqual([undefined, 'deny'])
    expect(limiter.store).toBe(store)
    expect((await limiter.take('ada')).remaining).toBe(2)
    await limiter.reset('ada')
    expect((await limiter.peek('ada')).remaining).toBe(3)
    await limiter.close()
    expect(gaveBack()).toBe(1)
  })

  it('tells the limiter when it fails and when it is back', () => {
    const { store, events } = guardable()
    const on = { storeFailing: vi.fn<() => void>(), storeRecovered: vi.fn<() => void>() }
    createLimiter({ store, algorithm: three, on })
    events[0]?.storeFailing?.({ error: 'down' })
    events[0]?.storeRecovered?.({ failingMs: 5 })
    expect(on.storeFailing.mock.calls).toEqual([[{ error: 'down' }]])
    expect(on.storeRecovered.mock.calls).toEqual([[{ failingMs: 5 }]])
  })

  it('has each policy name once, however it is guarded', () => {
    const { store } = guardable()
    createLimiter({ store, algorithm: three })
    expect(thrown(() => createLimiter({ store, algorithm: three, onStoreError: 'allow' }))).toMatch(
      /^TypeError: a policy's name must be free on this store .*, got 'default'$/,
    )
  })

  it('is told where what it gives back was charged', async () => {
    const { store, seen } = guardable('fallback')
    const limiter = createLimiter({ store, algorithm: three })
    await limiter.refund(await limiter.take('ada'))
    expect(seen).toEqual([
      ['take', 0, 'store'],
      ['refund', noon, 'fallback'],
    ])
  })

  it('is told so of slots, too', async () => {
    const { store, seen } = guardable('fallback')
    const limiter = createLimiter({ store, algorithm: concurrency({ limit: 1, ttl: '1h' }) })
    const { release } = await limiter.acquire('ada')
    await release()
    expect(seen[1]).toEqual(['refund', noon, 'fallback'])
  })
})

describe('a store whose parts have clocks of their own', () => {
  const policies = [
    { name: 'a', algorithm: three },
    { name: 'slots', algorithm: concurrency({ limit: 1, ttl: '30s' }) },
  ] as const

  /** The part of `slots` is 5 s ahead. */
  function apart(): { store: Store<'sync'>; seen: Seen[] } {
    const memory = memoryStore({ clock: () => Date.now() })
    const seen: Seen[] = []
    const ahead = 5000
    return {
      seen,
      store: {
        ...memory,
        take(charges) {
          seen.push(...charges.map(({ kind, at, from }): Seen => [kind, at, from]))
          for (const charge of charges)
            if (charge.kind === 'refund') charge.at -= charge.slot.name === 'a' ? 0 : ahead
          const ruling = memory.take(charges)
          for (const charge of charges) if (charge.slot.name !== 'a') charge.at = ruling.at + ahead
          return ruling
        },
      },
    }
  }

  it('is told of each charge when it was made', () => {
    const { store, seen } = apart()
    const limiter = createLimiter({ policies, store })
    const decision = limiter.take('ada')
    const { at } = decision
    expect(decision.policies.map((policy) => policy.at)).toEqual([undefined, at + 5000])
    limiter.refund(decision)
    expect(seen.slice(2)).toEqual([
      ['refund', at, 'store'],
      ['refund', at + 5000, 'store'],
    ])
    expect(limiter.peek('ada', { cost: 0 }).policies).toMatchObject([{ used: 0 }, { used: 0 }])
  })

  it('is told so of slots that were renewed', () => {
    vi.useFakeTimers()
    const { store, seen } = apart()
    const limiter = createLimiter({ policies, store })
    const { decision, release } = limiter.acquire('ada')
    vi.advanceTimersByTime(10_000)
    release()
    vi.useRealTimers()
    expect(seen.slice(2)).toEqual([
      ['refund', decision.at + 5000, 'store'],
      ['force', 0, 'store'],
      ['refund', decision.at + 15_000, 'store'],
    ])
  })
})

describe('a store that cannot fail', () => {
  it('has no failure policy', () => {
    for (const given of [{}, { store: memoryStore() }, { store: laterStore(memoryStore()) }]) {
      expect(thrown(() => createLimiter({ ...given, algorithm: three, onStoreError: 'local' }))).toBe(
        'TypeError: onStoreError needs a store like redisStore(); else failurePolicy(store, onStoreError)',
      )
    }
  })

  it('may have listeners all the same, which are functions', () => {
    const on = { storeFailing: () => undefined, storeRecovered: undefined }
    expect(thrown(() => createLimiter({ algorithm: three, on }))).toBeUndefined()
    for (const name of ['storeFailing', 'storeRecovered'])
      expect(thrown(() => createLimiter({ algorithm: three, on: { [name]: 1 } }))).toBe(
        `TypeError: on.${name} must be a function, got 1`,
      )
  })
})
