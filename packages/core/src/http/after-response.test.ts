import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from '../algorithms/concurrency.ts'
import type { Store } from '../store.ts'
import { laterStore } from '../testing/later-store.ts'
import { frozen, gate, SENT } from './testing/requests.ts'

/** A store that is down from some moment on. */
function failing(store: Store): { store: Store; fail(): void } {
  let isDown = false
  const take: Store['take'] = (charges) => {
    if (!isDown) return store.take(charges)
    if (store.mode === 'async') return Promise.reject(new Error('redis://user:hunter2@redis is down'))
    throw new Error('redis://user:hunter2@redis is down')
  }
  return {
    store: { ...store, take },
    fail() {
      isDown = true
    },
  }
}

describe('slots whose store is down', () => {
  const warn = vi.spyOn(console, 'warn')
  const unhandled = vi.fn<() => void>()
  let elapsed = 0

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    // What one test made quiet must not be so in the next.
    vi.advanceTimersByTime((elapsed += 1_000_000))
    warn.mockReset().mockReturnValue()
    process.on('unhandledRejection', unhandled)
  })
  afterEach(() => {
    vi.useRealTimers()
    process.off('unhandledRejection', unhandled)
  })

  it.each([
    ['throws', (): Store => frozen() as Store],
    ['rejects', (): Store => laterStore(frozen()) as Store],
  ])('are left to expire where it %s, with a warning at most once a minute', async (_how, made) => {
    const { store, fail } = failing(made())
    const http = gate({ store, algorithm: concurrency({ limit: 9, ttl: '1m' }), key: () => 'ada' })
    const outcomes = await Promise.all([http.handle({}), http.handle({}), http.handle({})])
    fail()
    await outcomes[0]?.over?.(SENT)
    await outcomes[1]?.over?.(SENT)
    expect(warn.mock.calls).toEqual([
      ['[sluice] a slot could not be given back; it comes free after its ttl'],
    ])
    vi.advanceTimersByTime(60_000)
    await outcomes[2]?.over?.(SENT)
    expect(warn).toHaveBeenCalledTimes(2)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
