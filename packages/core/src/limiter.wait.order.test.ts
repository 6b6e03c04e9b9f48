import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { randomOf } from './conformance/random.ts'
import { createLimiter } from './limiter.ts'
import type { Store } from './store.ts'
import { heapGrowth } from './testing/heap.ts'
import { laterStore } from './testing/later-store.ts'
import { type FakeTime, fakeTime, storeKinds } from './testing/waits.ts'

const bucket = tokenBucket({ capacity: 1, refill: 10, per: '1s' })
const three = fixedWindow({ limit: 3, window: '1s' })

let time: FakeTime
beforeEach(() => {
  time = fakeTime()
})
afterEach(() => time.end())

describe.each(storeKinds)('the queue on %s', (_kind, of) => {
  it('is first in, first out, also where who comes later would fit', async () => {
    const store = time.store()
    const limiter = createLimiter({ algorithm: three, store: of(store) })
    const costs = { a: 2, b: 2, c: 1, d: 3, e: 1 }
    for (const [name, cost] of Object.entries(costs)) time.watch(name, limiter.wait('ada', { cost }))
    await time.pass(10_000)
    expect(time.passed()).toEqual([
      ['a', 0],
      ['b', 1000],
      ['c', 1000],
      ['d', 2000],
      ['e', 3000],
    ])
    // At most two calls each: one is refused, and one is not.
    expect(store.calls).toEqual([
      'take 2',
      'take 2',
      'take 2',
      'take 1',
      'take 3',
      'take 3',
      'take 1',
      'take 1',
    ])
  })

  it('refuses at once who would have to leave before the first is asked again', async () => {
    const limiter = createLimiter({ algorithm: three, store: of(time.store()) })
    await limiter.take('ada', { cost: 2 })
    time.watch('first', limiter.wait('ada', { cost: 2 }))
    await time.pass(0)
    time.watch('too short', limiter.wait('ada', { maxWait: 999 }))
    time.watch('long enough', limiter.wait('ada', { maxWait: 1000 }))
    await time.pass(0)
    expect(time.ended).toMatchObject([
      { name: 'too short', at: 0, decision: { allowed: false, retryAfterMs: 1000, remaining: 1 } },
    ])
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['first', 1000],
      ['long enough', 1000],
    ])
  })

  it('holds at most maxQueue, asleep or not; others are refused at once', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    await limiter.take('ada')
    for (const name of [1, 2, 3]) time.watch(name, limiter.wait('ada', { maxQueue: 2 }))
    time.watch('bob', limiter.wait('bob', { maxQueue: 1 }))
    await time.pass(0)
    expect(time.ended.find(({ name }) => name === 3)).toMatchObject({
      at: 0,
      decision: { allowed: false, retryAfterMs: 300 },
    })
    await time.pass(100)
    time.watch(4, limiter.wait('ada', { maxQueue: 2 }))
    await time.pass(1000)
    expect(time.passed()).toEqual([
      ['bob', 0],
      [1, 100],
      [2, 200],
      [4, 300],
    ])
  })

  it('holds a thousand by default', async () => {
    const limiter = createLimiter({ algorithm: bucket, store: of(time.store()) })
    for (let name = 0; name <= 1001; name++) time.watch(name, limiter.wait('ada'))
    await time.pass(0)
    expect(time.ended.filter(({ decision }) => !decision?.allowed).length).toBe(
      _kind === 'memory' ? 1 : 2, // Where answers come later, the first waits for its own.
    )
    await time.pass(1000 * 100)
    expect(time.passed().length).toBe(_kind === 'memory' ? 1001 : 1000)
  })

  it('lets out of a bucket what the bucket promises, whoever gives up', async () => {
    const limiter = createLimiter({
      algorithm: tokenBucket({ capacity: 5, refill: 10, per: '1s' }),
      store: of(time.store()),
    })
    const random = randomOf(3)
    for (let name = 0; name < 400; name++) {
      const leaving = new AbortController()
      time.watch(name, limiter.wait('ada', { signal: leaving.signal, maxWait: random.int(1, 5000) }))
      if (random.int(0, 2) === 0) setTimeout(() => leaving.abort(new Error('gone')), random.int(0, 3000))
      await time.pass(random.pick([0, 0, 1, 10, 50, 200]))
    }
    await time.pass(10_000)
    const passed = time.passed()
    expect(passed.length).toBeGreaterThan(100)
    expect(time.ended.length).toBe(400)
    const above = passed.flatMap(([, start], from) =>
      passed.slice(from).map(([, end], further) => further + 1 - 5 - (end - start) / 100),
    )
    expect(Math.max(...above)).toBeLessThanOrEqual(0)
    expect(passed.map(([name]) => name)).toEqual(passed.map(([name]) => name).toSorted((a, b) => +a - +b))
  })
})

describe('the queue in front of a slow store', () => {
  it('asks one after the other where one may have to sleep, and all at once where none has', async () => {
    let answer = (): void => undefined
    for (const [algorithm, calls] of [[three, 1] as const, [bucket, 2] as const]) {
      const inner = time.store()
      const store = laterStore(inner)
      const asked = vi.fn<Store<'async'>['take']>(store.take)
      const limiter = createLimiter({ algorithm, store: { ...store, take: asked } })
      store.until = new Promise<void>((resolve) => (answer = resolve))
      for (const name of ['a', 'b']) time.watch(name, limiter.wait('ada'))
      expect(asked).toHaveBeenCalledTimes(calls)
      answer()
      await time.pass(100)
      expect(asked).toHaveBeenCalledTimes(2)
    }
    expect(time.passed().map(([name]) => name)).toEqual(['a', 'b', 'a', 'b'])
  })

  it('asks at once for who is not to wait', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: three, store })
    for (const name of ['a', 'b']) time.watch(name, limiter.wait('ada', { maxWait: 0 }))
    await time.pass(0)
    expect(time.passed()).toEqual([
      ['a', 0],
      ['b', 0],
    ])
  })

  it('refuses those in the queue as soon as it knows that they cannot be in time', async () => {
    const limiter = createLimiter({ algorithm: three, store: laterStore(time.store()) })
    await limiter.take('ada', { cost: 3 })
    time.watch('first', limiter.wait('ada'))
    time.watch('too short', limiter.wait('ada', { maxWait: 999 }))
    time.watch('long enough', limiter.wait('ada', { maxWait: 1001 }))
    await time.pass(0)
    expect(time.ended).toMatchObject([
      { name: 'too short', decision: { allowed: false, retryAfterMs: 1000 } },
    ])
    await time.pass(1000)
    expect(time.passed().length).toBe(2)
  })

  it('forgets until when somebody would have slept who has left', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: three, store })
    const leaving = new AbortController()
    await limiter.take('ada', { cost: 2 })
    time.watch('first', limiter.wait('ada', { cost: 2, signal: leaving.signal }))
    time.watch('second', limiter.wait('ada'))
    await time.pass(0)
    leaving.abort(new Error('gone'))
    time.watch('third', limiter.wait('ada', { cost: 0, maxWait: 10 }))
    await time.pass(0)
    expect(time.passed().map(([name]) => name)).toEqual(['second', 'third'])
  })

  it('keeps the queue of those who came after others left with calls under way', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: bucket, store })
    const leaving = new AbortController()
    const answers: (() => void)[] = []
    for (const name of ['first', 'second']) {
      store.until = new Promise<void>((resolve) => answers.push(resolve))
      time.watch(name, limiter.wait('ada', { signal: leaving.signal }))
    }
    store.until = undefined
    leaving.abort(new Error('gone'))
    answers[0]?.()
    await time.pass(0)
    await limiter.take('ada')
    time.watch('third', limiter.wait('ada', { maxQueue: 1 }))
    await time.pass(0)
    answers[1]?.()
    await time.pass(0)
    time.watch('fourth', limiter.wait('ada', { maxQueue: 1 }))
    await time.pass(1000)
    expect(time.passed()).toEqual([['third', 100]])
  })

  it('refuses who is not called in time, with the figures as they are then', async () => {
    const store = laterStore(time.store())
    const limiter = createLimiter({ algorithm: three, store })
    let answer = (): void => undefined
    store.until = new Promise<void>((resolve) => (answer = resolve))
    time.watch('a', limiter.wait('ada'))
    store.until = undefined
    time.watch('b', limiter.wait('ada', { maxWait: 50 }))
    await time.pass(49)
    expect(time.ended).toEqual([])
    await time.pass(1)
    expect(time.ended).toMatchObject([
      {
        name: 'b',
        at: 50,
        decision: { allowed: false, retryAfterMs: 1, remaining: 3, policies: [{ cost: 1 }] },
      },
    ])
    answer()
    await time.pass(0)
    expect(time.passed()).toEqual([['a', 50]])
  })
})

describe('memory', () => {
  it('keeps nothing of keys that nobody waits for any more', () => {
    const limiter = createLimiter({ algorithm: fixedWindow({ limit: 0, window: 1 }), store: time.store() })
    const wait = (key: number): void => void limiter.wait(`${key}`)
    for (let key = 0; key < 1000; key++) wait(key)
    const grown = heapGrowth(() => {
      for (let key = 0; key < 20_000; key++) wait(key)
    })
    // What is left are the 20,000 calls that the store of the test notes.
    expect(grown).toBeLessThan(4_000_000)
  })

  it('is not deep: ten thousand are called in a row', async () => {
    const limiter = createLimiter({
      algorithm: fixedWindow({ limit: 10_000, window: '1s' }),
      store: time.store(),
    })
    limiter.take('ada')
    for (let name = 0; name < 10_001; name++) {
      time.watch(name, limiter.wait('ada', { maxQueue: 20_000, cost: name === 0 ? 10_000 : 1 }))
    }
    await time.pass(2000)
    expect(time.passed().length).toBe(10_001)
  })
})
