import { describe, expect, it } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { calendarWindow } from './algorithms/calendar-window.ts'
import { concurrency } from './algorithms/concurrency.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { prepaid } from './algorithms/prepaid.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter-types.ts'
import type { PolicyOptions } from './policies.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { noon } from './testing/worlds.ts'
import type { Warned } from './warnings.ts'

interface Warning {
  readonly clock: { now: number }
  readonly limiter: Limiter<'sync'>
  readonly store: Store<'sync'>
  readonly events: Warned[]
  /** How often the store was asked. */
  readonly calls: () => number
}

/** A limiter at noon, and what it warned of. */
function warning(policies: readonly PolicyOptions[], listens = true): Warning {
  const clock = { now: noon }
  const memory = memoryStore({ clock: () => clock.now })
  let calls = 0
  const store: Store<'sync'> = { ...memory, take: (charges) => (calls++, memory.take(charges)) }
  const events: Warned[] = []
  const on = listens ? { warned: (event: Warned) => void events.push(event) } : {}
  return { clock, limiter: createLimiter({ store, policies, on }), store, events, calls: () => calls }
}

const warnAt = [0.5, 0.8]
const hour = 3_600_000
const tellsOf = (events: readonly Warned[]): unknown[] =>
  events.map(({ key, threshold, used }) => [key, threshold, used])

describe('a warning', () => {
  it('tells what was come to', () => {
    const { limiter, events } = warning([
      { name: 'hourly', algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt: 0.8 },
    ])
    for (let times = 0; times < 12; times++) limiter.take('ada')
    expect(events).toEqual([
      { policy: 'hourly', key: 'ada', threshold: 0.8, limit: 10, used: 8, remaining: 2, resetMs: hour },
    ])
  })

  it('is told of each threshold that a cost leaps over, the lowest first', () => {
    const { limiter, events } = warning([
      { algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt: [1, 0.8, 0.5] },
    ])
    limiter.take('ada', { cost: 9 })
    limiter.take('ada')
    expect(tellsOf(events)).toEqual([
      ['ada', 0.5, 9],
      ['ada', 0.8, 9],
      ['ada', 1, 10],
    ])
  })

  it('is not told of what is refused, asked, or costs nothing', () => {
    const { limiter, events } = warning([{ algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt }])
    limiter.take('ada', { cost: 11 })
    limiter.peek('ada', { cost: 9 })
    limiter.take('ada', { cost: 0 })
    expect(events).toEqual([])
  })

  it('is not told of a policy that had room where another one refuses', () => {
    const { limiter, events } = warning([
      { name: 'full', algorithm: fixedWindow({ limit: 0, window: '1h' }) },
      { name: 'free', algorithm: fixedWindow({ limit: 1, window: '1h' }), warnAt: 1 },
    ])
    limiter.take('ada')
    expect(events).toEqual([])
  })

  it('is not told of what is refused beyond a threshold that nobody was told of', () => {
    const hourly = { name: 'hourly', algorithm: fixedWindow({ limit: 10, window: '1h' }) }
    const full = { name: 'full', algorithm: fixedWindow({ limit: 0, window: '1h' }) }
    const { limiter, events } = warning([hourly])
    limiter.take('ada', { cost: 5 })
    limiter.update({ policies: [{ ...hourly, warnAt: 0.5 }, full] })
    limiter.take('ada')
    expect(events).toEqual([])
  })

  it('is told for each key and each policy by itself', () => {
    const { limiter, events } = warning([
      { name: 'a', algorithm: fixedWindow({ limit: 2, window: '1h' }), warnAt: 0.5 },
      { name: 'b', algorithm: slidingWindow({ limit: 1, window: '1h' }), warnAt: 1 },
    ])
    for (const key of ['ada', 'bob']) limiter.take(key)
    expect(events.map(({ policy, key }) => `${policy} ${key}`)).toEqual(['a ada', 'b ada', 'a bob', 'b bob'])
  })

  it('of a policy in shadow mode is told while it has room', () => {
    const { limiter, events } = warning([
      { algorithm: fixedWindow({ limit: 2, window: '1h' }), mode: 'shadow', warnAt: 1 },
    ])
    for (let times = 0; times < 5; times++) limiter.take('ada')
    expect(tellsOf(events)).toEqual([['ada', 1, 2]])
  })

  it('is told of what is settled, and not again of what is owed', () => {
    const { limiter, events } = warning([{ algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt }])
    const first = limiter.reserve('ada', { cost: 3 })
    first.settle(6)
    limiter.reserve('ada').settle(50)
    limiter.reserve('ada', { cost: 0 }).settle(50)
    expect(tellsOf(events)).toEqual([
      ['ada', 0.5, 6],
      ['ada', 0.8, 10],
    ])
  })
})

/** Each with a quota of 10, of which a window later nothing is used. */
const windows: Record<string, Algorithm> = {
  fixedWindow: fixedWindow({ limit: 10, window: '1h' }),
  'fixedWindow of the clock': fixedWindow({ limit: 10, window: '1h', align: 'clock' }),
  slidingWindow: slidingWindow({ limit: 10, window: '30m' }),
  'slidingWindow strict': slidingWindow({ limit: 10, window: '30m', strict: true }),
  calendarWindow: calendarWindow({ limit: 10, every: 'hour' }),
  tokenBucket: tokenBucket({ capacity: 10, refill: 10, per: '30m' }),
  concurrency: concurrency({ limit: 10, ttl: '30m' }),
}

describe.each(Object.entries(windows))('%s', (_name, algorithm) => {
  it('warns once a window, however usage hovers, and again in the next one', () => {
    const { clock, limiter, events } = warning([{ algorithm, warnAt: [0.5, 1] }])
    for (let window = 1; window <= 3; window++) {
      limiter.take('ada', { cost: 3 })
      for (let times = 0; times < 5; times++) {
        limiter.refund(limiter.take('ada', { cost: 2 }))
        limiter.refund(limiter.take('ada', { cost: 7 }))
        clock.now += 1000
      }
      expect(tellsOf(events)).toHaveLength(2 * window)
      clock.now = noon + window * hour
    }
  })

  it('asks the store twice where a threshold is come to, and else once', () => {
    const { limiter, calls } = warning([{ algorithm, warnAt }])
    const asked = Array.from({ length: 10 }, () => {
      const before = calls()
      limiter.take('ada')
      return calls() - before
    })
    expect(asked).toEqual([1, 1, 1, 1, 2, 1, 1, 2, 1, 1])
  })

  it('asks the store no second time where nobody listens', () => {
    const { limiter, calls } = warning([{ algorithm, warnAt }], false)
    for (let times = 0; times < 10; times++) limiter.take('ada')
    expect(calls()).toBe(10)
  })
})

describe('the thresholds of a key', () => {
  it('are those of another limit once that is another', () => {
    const plan = (limit: number): Algorithm => fixedWindow({ limit, window: '1h' })
    const { limiter, events } = warning([{ algorithm: plan(10), warnAt: 0.8 }])
    const take = (limit: number, cost: number): unknown =>
      limiter.decide([{ policy: 'default', key: 'ada', cost, algorithm: plan(limit) }])
    take(10, 8)
    // A larger plan, of which 8 units are used.
    take(100, 71)
    expect(events).toHaveLength(1)
    take(100, 1)
    // Back to the smaller one, and to and fro: what is used stays used.
    for (const limit of [10, 100, 10, 100]) take(limit, 1)
    expect(events.map(({ limit, used }) => [limit, used])).toEqual([
      [10, 8],
      [100, 80],
    ])
  })

  it('are come to by a key that looks like a mark of another one', () => {
    const { clock, limiter, events } = warning([{ algorithm: windows['tokenBucket']!, warnAt: [0.5, 1] }])
    const edge = clock.now + hour
    const hostile = [
      'ada',
      '0.5\t10\t\tada',
      'ada\t0.5',
      `0.5\t10\t${edge}\tada`,
      '\t',
      '\0',
      '}{',
      '💥\ud800',
    ]
    for (const key of hostile) limiter.take(key, { cost: 10 })
    expect(events.map(({ key }) => key)).toEqual(hostile.flatMap((key) => [key, key]))
  })

  it('are forgotten by resetAll, and by reset with the window', () => {
    const { clock, limiter, events } = warning([
      { algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt },
    ])
    limiter.take('ada', { cost: 5 })
    limiter.resetAll()
    limiter.take('ada', { cost: 5 })
    expect(events).toHaveLength(2)
    clock.now += 1
    limiter.reset('ada')
    limiter.take('ada', { cost: 5 })
    expect(events).toHaveLength(3)
  })

  it('are those of an update', () => {
    const { limiter, events } = warning([{ algorithm: fixedWindow({ limit: 10, window: '1h' }) }])
    limiter.take('ada', { cost: 4 })
    limiter.update({ algorithm: fixedWindow({ limit: 10, window: '1h' }), warnAt: 0.5 })
    limiter.take('ada')
    expect(tellsOf(events)).toEqual([['ada', 0.5, 5]])
    expect(limiter.policies[0]?.warnAt).toEqual([0.5])
  })
})

describe('a balance', () => {
  it('comes to its thresholds anew after each grant', () => {
    const { limiter, events } = warning([{ algorithm: prepaid(), warnAt }])
    for (const id of ['a', 'b']) {
      limiter.grant('ada', 10, { id })
      for (let times = 0; times < 10; times++) limiter.take('ada')
    }
    expect(tellsOf(events)).toEqual(
      ['a', 'b'].flatMap(() => [
        ['ada', 0.5, 5],
        ['ada', 0.8, 8],
      ]),
    )
  })
})

describe('a balance at its threshold', () => {
  it('does not tell it again of each request that fails and is refunded, but within an hour', () => {
    const { clock, limiter, events } = warning([{ algorithm: prepaid(), warnAt: 0.5 }])
    limiter.grant('ada', 10, { id: 'a' })
    limiter.take('ada', { cost: 4 })
    for (let times = 0; times < 100; times++) limiter.refund(limiter.take('ada'))
    expect(tellsOf(events)).toEqual([['ada', 0.5, 5]])
    clock.now += hour
    limiter.take('ada')
    expect(events).toHaveLength(2)
  })
})

describe('what keeps who has told', () => {
  it('gives way to keys of clients where a store is full', () => {
    const store = memoryStore({ clock: () => noon, maxKeys: 1000 })
    const limiter = createLimiter({
      store,
      algorithm: fixedWindow({ limit: 2, window: '1h' }),
      warnAt: [0.25, 0.5, 0.75, 1],
      on: { warned: () => undefined },
    })
    const clients = Array.from({ length: 400 }, (_, client) => `client ${client}`)
    for (const client of [...clients, ...clients]) limiter.take(client)
    expect(clients.filter((client) => limiter.peek(client).allowed)).toEqual([])
  })

  it('goes with its window, and is bounded by maxKeys', () => {
    const clock = { now: noon }
    const evicted: string[] = []
    const store = memoryStore({
      clock: () => clock.now,
      maxKeys: 100,
      onEvicted: ({ policy }) => void evicted.push(policy),
    })
    const limiter = createLimiter({
      store,
      algorithm: fixedWindow({ limit: 1, window: '1m' }),
      warnAt: 1,
      on: { warned: () => undefined },
    })
    for (let key = 0; key < 50; key++) limiter.take(`${key}`)
    expect(evicted).toEqual([])
    for (let minutes = 1; minutes <= 20; minutes++) {
      clock.now += 120_000
      for (let key = 0; key < 50; key++) limiter.take(`${key} ${minutes}`)
    }
    // A few that are over are not swept yet.
    expect(evicted.length).toBeLessThan(1000)
    for (let key = 0; key < 200; key++) limiter.take(`one more ${key}`)
    expect(evicted.length).toBeGreaterThan(0)
  })
})

describe('where it cannot be known who has told', () => {
  it('it is told twice rather than never', () => {
    const memory = memoryStore({ clock: () => noon })
    const events: Warned[] = []
    const store: Store<'sync'> = {
      ...memory,
      take(charges) {
        if (charges.some(({ slot }) => slot.name.includes('\t'))) throw new Error('down')
        return memory.take(charges)
      },
    }
    const algorithm = fixedWindow({ limit: 10, window: '1h' })
    const on = { warned: (event: Warned) => void events.push(event) }
    const limiter = createLimiter({ store, algorithm, warnAt: 0.5, on })
    limiter.take('ada', { cost: 4 })
    for (let times = 0; times < 2; times++) limiter.refund(limiter.take('ada'))
    expect(events).toHaveLength(2)
  })
})
