import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import type { Store } from './store.ts'
import { type LaterStore, laterStore } from './testing/later-store.ts'
import { type FakeTime, fakeTime, storeKinds } from './testing/waits.ts'

const bucket = tokenBucket({ capacity: 1, refill: 10, per: '1s' })
const two = fixedWindow({ limit: 2, window: '1s' })
const gone = new Error('gone')

let time: FakeTime
let leaving: AbortController
beforeEach(() => {
  time = fakeTime()
  leaving = new AbortController()
})
afterEach(() => {
  time.end()
  if (getEventListeners(leaving.signal, 'abort').length > 0) throw new Error('a listener is left')
})

/** A store whose calls wait for `answer`. */
function slow(): { store: LaterStore; answer: () => void } {
  const store = laterStore(time.store())
  let answer = (): void => undefined
  store.until = new Promise<void>((resolve) => (answer = resolve))
  return {
    store,
    answer() {
      store.until = undefined
      answer()
    },
  }
}

describe.each(storeKinds)('an abort on %s', (_kind, of) => {
  it('before the wait charges nothing', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: bucket, store: of(store) })
    leaving.abort(gone)
    await expect(limiter.wait('ada', { signal: leaving.signal })).rejects.toBe(gone)
    expect(store.calls).toEqual([])
  })

  it('gives all of a turn back, however long ago it was charged', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    for (const name of ['a', 'b', 'c', 'd', 'e']) time.watch(name, limiter.wait('ada'))
    time.watch('f', limiter.wait('ada', { signal: leaving.signal }))
    // By now the bucket has let out four units since it was charged.
    await time.pass(350)
    leaving.abort(gone)
    await time.pass(0)
    expect((await limiter.peek('ada')).retryAfterMs).toBe(150)
    await time.pass(150)
    expect(time.passed()).toEqual([
      ['a', 0],
      ['b', 100],
      ['c', 200],
      ['d', 300],
      ['e', 400],
    ])
  })

  it('in the queue leaves it', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: two, store: of(store) })
    await limiter.take('ada', { cost: 2 })
    time.watch('a', limiter.wait('ada', { cost: 2 }))
    time.watch('b', limiter.wait('ada', { cost: 2, signal: leaving.signal }))
    time.watch('c', limiter.wait('ada', { cost: 2 }))
    await time.pass(500)
    leaving.abort(gone)
    await time.pass(5000)
    expect(time.ended).toMatchObject([
      { name: 'b', at: 500, reason: gone },
      { name: 'a', at: 1000 },
      { name: 'c', at: 2000 },
    ])
    expect(store.calls.length).toBe(5)
  })

  it('in front of the queue lets the next one ask', async () => {
    const limiter = createLimiter({ algorithm: two, store: of(time.store()) })
    await limiter.take('ada')
    time.watch('a', limiter.wait('ada', { cost: 2, signal: leaving.signal }))
    time.watch('b', limiter.wait('ada'))
    await time.pass(500)
    leaving.abort(gone)
    await time.pass(0)
    expect(time.ended).toMatchObject([
      { name: 'a', at: 500, reason: gone },
      { name: 'b', at: 500, decision: { allowed: true } },
    ])
  })

  it('while it sleeps gives the turn to those behind', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: bucket, store: of(store) })
    for (const name of [0, 1, 2, 3]) {
      time.watch(name, limiter.wait('ada', name === 1 ? { signal: leaving.signal } : {}))
    }
    await time.pass(50)
    leaving.abort(gone)
    await time.pass(0)
    time.watch(4, limiter.wait('ada'))
    await time.pass(1000)
    expect(time.ended.map(({ name, at, reason }) => [name, at, reason])).toEqual([
      [0, 0, undefined],
      [1, 50, gone],
      [2, 100, undefined],
      [3, 200, undefined],
      [4, 300, undefined],
    ])
    expect(store.calls).toEqual([...Array<string>(4).fill('take 1'), 'refund 1', 'take 1'])
  })

  it('of the last in line gives the whole turn back at once', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    await limiter.take('ada')
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    await time.pass(0)
    leaving.abort(gone)
    await time.pass(0)
    expect((await limiter.take('ada')).retryAfterMs).toBe(100)
  })

  it('gives its turn to nobody who is charged more', async () => {
    const limiter = createLimiter({
      algorithm: tokenBucket({ capacity: 2, refill: 10, per: '1s' }),
      store: of(time.store()),
    })
    await limiter.take('ada', { cost: 2 })
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    time.watch('b', limiter.wait('ada', { cost: 2 }))
    time.watch('c', limiter.wait('ada'))
    await time.pass(0)
    leaving.abort(gone)
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['b', 300],
      ['c', 400],
    ])
  })

  it('after the turn has come changes nothing', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    expect((await limiter.wait('ada', { signal: leaving.signal })).allowed).toBe(true)
    expect((await limiter.wait('ada', { signal: leaving.signal, maxWait: 1 })).allowed).toBe(false)
    leaving.abort(gone)
    await time.pass(0)
    expect((await limiter.peek('ada')).allowed).toBe(false)
  })
})

describe('an abort while the store is asked', () => {
  it('rejects at once, and gives back what is charged then', async () => {
    for (const algorithm of [bucket, two]) {
      const { store, answer } = slow()
      leaving = new AbortController()
      const limiter = createLimiter({ algorithm, store })
      const wait = limiter.wait('ada', { signal: leaving.signal, cost: algorithm.limit })
      leaving.abort(gone)
      await expect(wait).rejects.toBe(gone)
      answer()
      await time.pass(0)
      expect((await limiter.peek('ada', { cost: 0 })).used).toBe(0)
    }
  })

  it('lets the next one ask only once that is given back', async () => {
    const { store, answer } = slow()
    const limiter = createLimiter({ algorithm: two, store })
    time.watch('a', limiter.wait('ada', { signal: leaving.signal, cost: 2 }))
    time.watch('b', limiter.wait('ada', { cost: 2 }))
    leaving.abort(gone)
    await time.pass(0)
    answer()
    await time.pass(0)
    expect(time.passed()).toEqual([['b', 0]])
  })

  it('is not bothered by a store that fails then', async () => {
    const { store, answer } = slow()
    const limiter = createLimiter({ algorithm: two, store })
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    time.watch('b', limiter.wait('ada'))
    leaving.abort(gone)
    store.failing = new Error('the network is down')
    answer()
    await time.pass(0)
    expect(time.ended).toMatchObject([
      { name: 'a', reason: gone },
      { name: 'b', reason: store.failing },
    ])
  })
})

describe('a store that fails', () => {
  it('rejects who asked, and the next one is asked for', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: two, store })
    store.failing = new Error('the network is down')
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    time.watch('b', limiter.wait('ada'))
    await time.pass(0)
    expect(time.ended.map(({ reason }) => reason)).toEqual([store.failing, store.failing])
    store.failing = undefined
    expect((await limiter.wait('ada')).used).toBe(1)
  })

  it('keeps a turn that could not be given back', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: bucket, store })
    await limiter.take('ada')
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    await time.pass(0)
    store.failing = new Error('the network is down')
    leaving.abort(gone)
    await time.pass(0)
    store.failing = undefined
    expect(time.ended).toMatchObject([{ name: 'a', reason: gone }])
    expect((await limiter.take('ada')).retryAfterMs).toBe(200)
  })

  it('rejects where it answers at once', async () => {
    const down = new Error('the disk is full')
    const store: Store<'sync'> = {
      ...time.store(),
      take: () => {
        throw down
      },
    }
    const limiter = createLimiter({ algorithm: two, store })
    await expect(limiter.wait('ada', { signal: leaving.signal })).rejects.toBe(down)
  })

  it.each([true, false])('answers as its failure policy says, at once: allowed %s', async (allowed) => {
    const store: Store<'async'> = {
      ...laterStore(time.store()),
      take: async () =>
        Promise.resolve({
          allowed,
          at: 5,
          source: 'failure-policy',
          told: [],
          retryAfterMs: allowed ? 0 : 150,
        }),
    }
    const limiter = createLimiter({ algorithm: two, store })
    expect(await limiter.wait('ada', { signal: leaving.signal })).toMatchObject({
      allowed,
      retryAfterMs: allowed ? 0 : 150,
      policies: [],
      source: 'failure-policy',
    })
  })

  it('answers so who finds the queue full, too', async () => {
    const inner = time.store()
    let failing = false
    const store: Store<'sync'> = {
      ...inner,
      take: (charges) =>
        failing ? { allowed: true, at: 5, source: 'failure-policy', told: [] } : inner.take(charges),
    }
    const limiter = createLimiter({ algorithm: bucket, store })
    limiter.take('ada')
    time.watch('a', limiter.wait('ada', { maxQueue: 1 }))
    failing = true
    expect((await limiter.wait('ada', { maxQueue: 1 })).allowed).toBe(true)
    await time.pass(100)
  })

  it('is not asked for ever where it refuses without a wait', async () => {
    const store: Store<'sync'> = { ...time.store(), take: () => ({ allowed: false, at: 5, source: 'store' }) }
    const limiter = createLimiter({ algorithm: two, store })
    expect((await limiter.wait('ada', { signal: leaving.signal })).allowed).toBe(false)
  })

  it('rejects who waits for a policy that is there no more', async () => {
    const limiter = createLimiter<'sync', string>({
      store: time.store(),
      policies: [{ name: 'a', algorithm: two }],
    })
    limiter.take('ada', { cost: 2 })
    time.watch('turn', limiter.wait('ada', { signal: leaving.signal }))
    limiter.update({ policies: [{ name: 'b', algorithm: two }] })
    await time.pass(1000)
    expect(String(time.ended[0]?.reason)).toMatch(/^TypeError: policy must be one of 'b', got 'a'$/)
  })
})

describe('close', () => {
  it.each(storeKinds)(
    'refuses all who wait on %s, and gives back what they were charged',
    async (_kind, of) => {
      const store = time.store()
      const policies = [
        { name: 'bucket', algorithm: bucket },
        { name: 'window', algorithm: two },
      ] as const
      const limiter = createLimiter({ policies, store: of(store) })
      const { signal } = leaving
      await limiter.take('ada')
      time.watch('asleep', limiter.wait({ bucket: 'ada' }, { signal }))
      time.watch('in front', limiter.wait({ window: 'ada' }, { signal, cost: 2 }))
      time.watch('behind', limiter.wait({ window: 'ada' }, { signal }))
      await time.pass(0)
      await limiter.close()
      await time.pass(0)
      const told = time.ended.map(({ name, decision }) => [name, decision?.allowed, decision?.retryAfterMs])
      expect(told).toEqual(
        expect.arrayContaining([
          ['asleep', false, 100],
          ['behind', false, 1000],
          ['in front', false, 1000],
        ]),
      )
      expect(told.length).toBe(3)
      expect(createLimiter({ policies, store }).peek('ada', { cost: 0 }).policies).toMatchObject([
        { resetMs: 100 },
        { used: 1 },
      ])
    },
  )

  it('gives back what is charged while it closes, before it has closed', async () => {
    for (const algorithm of [bucket, two]) {
      const { store, answer } = slow()
      const limiter = createLimiter({ algorithm, store })
      time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
      const closed = limiter.close()
      answer()
      await closed
      expect(time.ended.pop()).toMatchObject({ decision: { allowed: false } })
      const next = createLimiter({ algorithm, store })
      expect((await next.peek('ada', { cost: 0 })).used).toBe(0)
    }
  })

  it('has closed only once all is given back', async () => {
    const { store, answer } = slow()
    const limiter = createLimiter({ algorithm: bucket, store })
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    const { take } = store
    let isBack = false
    store.take = async (charges) => {
      const isRefund = charges.some(({ kind }) => kind === 'refund')
      if (isRefund) await new Promise((resolve) => setTimeout(resolve, 50))
      isBack ||= isRefund
      return take(charges)
    }
    const closed = limiter.close().then(() => isBack)
    answer()
    await time.pass(50)
    expect(await closed).toBe(true)
  })

  it('has the store give back what it took ahead, and leaves it open', async () => {
    const memory = time.store()
    const giveBack = vi.fn<() => Promise<void>>(async () => Promise.resolve())
    const close = vi.fn<() => void>()
    const limiter = createLimiter({ algorithm: two, store: { ...memory, giveBack, close } })
    await limiter.close()
    expect([giveBack.mock.calls.length, close.mock.calls.length]).toEqual([1, 0])
  })
})

describe('an abort while the store is asked', () => {
  it('gives the turn to those behind, so that nobody passes beside them', async () => {
    const { store, answer } = slow()
    const limiter = createLimiter({ algorithm: bucket, store })
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    for (const name of ['b', 'c', 'd']) time.watch(name, limiter.wait('ada'))
    leaving.abort(gone)
    answer()
    await time.pass(30)
    time.watch('e', limiter.wait('ada'))
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['b', 0],
      ['c', 100],
      ['d', 200],
      ['e', 300],
    ])
  })

  it('lets nobody in whose turn was given back by closing', async () => {
    const { store, answer } = slow()
    const limiter = createLimiter({ algorithm: bucket, store })
    answer()
    await limiter.take('ada')
    time.watch('a', limiter.wait('ada', { signal: leaving.signal }))
    time.watch('b', limiter.wait('ada'))
    await time.pass(10)
    const closing = limiter.close()
    leaving.abort(gone)
    await time.pass(500)
    await closing
    expect(time.passed()).toEqual([])
  })
})
