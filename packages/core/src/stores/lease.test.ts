import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { calendarWindow } from '../algorithms/calendar-window.ts'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { slidingLog } from '../algorithms/sliding-log.ts'
import { answerOf, call, type Called, type ChargePart } from '../conformance/calls.ts'
import { storeCases } from '../conformance.ts'
import { createLimiter } from '../limiter.ts'
import type { Charge, Ruling, Slot, Store } from '../store.ts'
import { type LaterStore, laterStore } from '../testing/later-store.ts'
import { thrown } from '../testing/thrown.ts'
import { denyCache } from './deny-cache.ts'
import { lease, type LeaseOptions } from './lease.ts'
import { memoryStore } from './memory.ts'

const hour = fixedWindow({ limit: 1000, window: '1h' })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = async (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** What a charge asks for, short. */
const shown = ({ kind, cost, upTo, slot: { name }, at }: Charge): string =>
  `${kind} ${cost}${upTo ? ` to ${upTo}` : ''} ${name}${kind === 'refund' ? ` of ${at}` : ''}`

interface World {
  readonly memory: Store<'sync'>
  readonly later: LaterStore
  readonly store: Store<'async'>
  /** What the inner store was asked since this was called last. */
  asked(): string[]
  /** What is used of a key, as the inner store sees it. */
  used(slot: Slot, key?: string): Promise<number>
  /** A slot whose key is busy, so that the next take leases. */
  busy(algorithm?: Algorithm, name?: string, key?: string): Promise<Slot>
  /** The store answers no more, until what this returns is called. */
  wait(): () => void
}

/** A process with a store that is told the time in milliseconds since its start. */
function world(options: Partial<LeaseOptions> = {}): World {
  const startMs = performance.now()
  const memory = memoryStore({ clock: () => 1_000_000 + performance.now() - startMs })
  const later = laterStore(memory)
  let asked: string[] = []
  const inner: Store<'async'> = {
    ...later,
    take(charges) {
      asked.push(charges.map(shown).join(', '))
      return later.take(charges)
    },
    close: () => later.close?.(),
  }
  const store = lease(inner, { size: 100, ...options })
  return {
    memory,
    later,
    store,
    asked() {
      const before = asked
      asked = []
      return before
    },
    async used(slot, key = 'key') {
      const { charges } = await call(memory, { slot, key, cost: 0 })
      return slot.algorithm.limit - (charges[0] as Charge).remaining
    },
    async busy(algorithm = hour, name = 'policy', key = 'key') {
      const slot = store.open(name, algorithm)
      await call(store, { slot, key })
      asked = []
      return slot
    },
    wait() {
      let go = (): void => undefined
      later.until = new Promise<void>((resolve) => (go = resolve))
      return go
    },
  }
}

const many = (store: Store, count: number, ...parts: ChargePart[]): Promise<Called[]> =>
  Promise.all(Array.from({ length: count }, () => call(store, ...parts)))

/** A call under way that sets units of a lease aside, and that another policy is going to refuse. */
async function aboutToBeRefused(): Promise<
  World & { held: Slot; refused: Promise<unknown>; answer: () => void }
> {
  const one = world()
  const { store, busy, wait } = one
  const held = await busy(hour, 'held')
  const full = store.open('full', fixedWindow({ limit: 1, window: '1h' }))
  await call(store, { slot: full })
  await call(store, { slot: held })
  const answer = wait()
  return { ...one, held, refused: call(store, { slot: held, cost: 9 }, { slot: full }), answer }
}

describe('the options of a lease', () => {
  const error = (options: unknown): string | undefined => thrown(() => lease(memoryStore(), options as never))

  it.each([
    [{}, 'TypeError: lease.size must be a whole number from 2 to 9007199254740991, got undefined'],
    [{ size: 1 }, 'RangeError: lease.size must be a whole number from 2 to 9007199254740991, got 1'],
    [
      { size: 2, maxHold: '0ms' },
      "RangeError: lease.maxHold must be from 1 ms to 10 years, such as 60000 or '1m', got '0ms'",
    ],
    [
      { size: 2, maxKeys: 0 },
      'RangeError: lease.maxKeys must be a whole number from 1 to 9007199254740991, got 0',
    ],
    [{ size: 2, now: 1 }, 'TypeError: now must be a function, got 1'],
    [{ size: 2, hold: 1 }, "TypeError: lease has no option 'hold': size, maxHold, maxKeys, now"],
    [undefined, 'TypeError: what lease takes must be an object, got undefined'],
  ])('refuse %o', (options, message) => {
    expect(error(options)).toBe(message)
  })

  it('need a size only', () => {
    expect(error({ size: 2 })).toBeUndefined()
  })
})

describe('a key that is busy', () => {
  it('takes a block at once, and spends it without the store', async () => {
    const { store, asked, busy, used } = world()
    const slot = await busy()
    const decisions = await many(store, 1, { slot })
    for (let made = 1; made < 100; made++) decisions.push(await call(store, { slot }))
    expect(asked()).toEqual(['take 1 to 100 policy'])
    expect(decisions.every(({ ruling }) => ruling.allowed)).toBe(true)
    expect(decisions.map(({ ruling }) => ruling.source).slice(0, 3)).toEqual(['store', 'lease', 'lease'])
    expect(await used(slot)).toBe(101)
    await call(store, { slot })
    expect(asked()).toEqual(['take 1 to 100 policy'])
    expect(await used(slot)).toBe(201)
  })

  it('tells each decision its own cost, what remains, and the receipt of the block', async () => {
    const { store, busy } = world()
    const slot = await busy()
    await pass(1000)
    const first = await call(store, { slot, cost: 3 })
    await pass(200)
    const second = await call(store, { slot, cost: 2 })
    expect(first.ruling).toEqual({ allowed: true, at: 1_001_000, source: 'store' })
    expect(first.charges[0]).toMatchObject({ cost: 3, upTo: 0, at: 0 })
    expect(first.charges.map(answerOf)).toEqual([
      { allowed: true, remaining: 996, retryAfterMs: 0, resetMs: 3_599_000 },
    ])
    expect(second.ruling).toEqual({ allowed: true, at: 1_001_000, source: 'lease' })
    expect(second.charges[0]).toMatchObject({ cost: 2, upTo: 0, at: 0 })
    expect(second.charges.map(answerOf)).toEqual([
      { allowed: true, remaining: 994, retryAfterMs: 0, resetMs: 3_598_800 },
    ])
  })

  it('is one that asked within the last two `maxHold`: others would pay twice', async () => {
    const { store, asked, busy } = world({ maxHold: '1s' })
    const slot = await busy()
    await pass(2000)
    await call(store, { slot })
    await pass(1999)
    await call(store, { slot })
    expect(asked()).toEqual(['take 1 policy', 'take 1 to 100 policy'])
  })

  it('has its calls wait for the block that is on its way', async () => {
    const { store, asked, busy, wait } = world()
    const slot = await busy()
    const answer = wait()
    const calls = many(store, 100, { slot })
    answer()
    expect((await calls).filter(({ ruling }) => ruling.source === 'lease').length).toBe(99)
    expect(asked()).toEqual(['take 1 to 100 policy'])
  })

  it('has them wait once: who then finds nothing left asks by itself', async () => {
    const { store, asked, busy, wait } = world({ size: 10 })
    const slot = await busy()
    const answer = wait()
    const calls = many(store, 14, { slot })
    answer()
    expect((await calls).every(({ ruling }) => ruling.allowed)).toBe(true)
    expect(asked()).toEqual(['take 1 to 10 policy', 'take 1 to 10 policy', ...Array(3).fill('take 1 policy')])
  })

  it('has them fail together, and asks again', async () => {
    const { store, later, asked, busy, wait } = world()
    const slot = await busy()
    const answer = wait()
    later.failing = new Error('down')
    const calls = Array.from({ length: 3 }, () => call(store, { slot }))
    answer()
    const failed = await Promise.allSettled(calls)
    expect(failed.map((result) => 'reason' in result && String(result.reason))).toEqual(
      Array(3).fill('Error: down'),
    )
    later.failing = undefined
    expect((await call(store, { slot })).ruling.allowed).toBe(true)
    expect(asked()).toEqual(['take 1 to 100 policy', 'take 1 policy'])
  })

  it('takes no blocks for a while after a failure: each might be granted, and nobody learn of it', async () => {
    const { store, later, asked, busy } = world()
    const slot = await busy()
    later.failing = new Error('down')
    await expect(call(store, { slot })).rejects.toThrow('down')
    later.failing = undefined
    for (let take = 0; take < 4; take++) {
      await pass(2400)
      await call(store, { slot })
    }
    await pass(400)
    await call(store, { slot })
    expect(asked()).toEqual([
      'take 1 to 100 policy',
      ...Array<string>(4).fill('take 1 policy'),
      'take 1 to 100 policy',
    ])
  })

  it('admits exactly the limit, however many ask at once', async () => {
    const { store, busy, used } = world()
    const slot = await busy()
    let admitted = 1
    for (let round = 0; round < 20; round++) {
      const calls = await many(store, 64, { slot })
      admitted += calls.filter(({ ruling }) => ruling.allowed).length
    }
    expect([admitted, await used(slot)]).toEqual([1000, 1000])
  })

  it('leases again under new parameters at once, and gives back what it had', async () => {
    const { store, asked, busy } = world()
    const slot = await busy()
    await call(store, { slot })
    const raised = store.open('policy', fixedWindow({ limit: 8000, window: '1h' }))
    await call(store, { slot: raised })
    expect(asked()).toEqual(['take 1 to 100 policy', 'refund 99 policy of 1000000, take 1 to 100 policy'])
    const equal = store.open('policy', fixedWindow({ limit: 8000, window: '1h' }))
    expect((await call(store, { slot: equal })).ruling.source).toBe('lease')
  })

  it('gives back in the same call what is too little', async () => {
    const { store, asked, busy, used } = world({ size: 10 })
    const slot = await busy()
    await call(store, { slot, cost: 7 })
    await call(store, { slot, cost: 7 })
    expect(asked()).toEqual(['take 7 to 10 policy', 'refund 3 policy of 1000000, take 7 to 10 policy'])
    expect(await used(slot)).toBe(1 + 7 + 10)
  })

  it('is not refused for units that its own process holds', async () => {
    const { store, busy } = world()
    const slot = await busy(fixedWindow({ limit: 20, window: '1h' }))
    await call(store, { slot })
    expect((await call(store, { slot, cost: 18 })).ruling.allowed).toBe(true)
  })
})

describe('what is the store’s alone', () => {
  it.each<[string, Partial<ChargePart>, string]>([
    ['a charge of nothing', { cost: 0 }, 'take 0 policy'],
    ['a question', { kind: 'ask' }, 'ask 1 policy'],
    ['a shadow', { kind: 'shadow' }, 'shadow 1 policy'],
    ['force', { kind: 'force' }, 'force 1 policy'],
    ['a take that may queue', { withinMs: 5 }, 'take 1 policy'],
    ['a block of somebody else’s', { upTo: 5 }, 'take 1 to 5 policy'],
    ['what a block would not be larger than', { cost: 100 }, 'take 100 policy'],
  ])('is %s: what is held goes back with it', async (_, part, sent) => {
    const { store, asked, busy, used } = world()
    const slot = await busy()
    await call(store, { slot })
    asked()
    await call(store, { slot, ...part })
    await call(store, { slot, ...part })
    expect(asked()).toEqual([`refund 99 policy of 1000000, ${sent}`, sent])
    expect((await call(store, { slot, cost: 0 })).charges[0]?.remaining).toBe(1000 - (await used(slot)))
  })

  it('is a refund, which leaves alone what is held', async () => {
    const { store, asked, busy, used } = world()
    const slot = await busy()
    const { ruling } = await call(store, { slot, cost: 5 })
    await call(store, { slot, cost: 5, kind: 'refund', at: ruling.at, from: 'lease' })
    expect((await call(store, { slot })).ruling.source).toBe('lease')
    expect(asked()).toEqual(['take 5 to 100 policy', 'refund 5 policy of 1000000'])
    expect(await used(slot)).toBe(96)
  })

  it.each<[string, Algorithm]>([
    ['slots that are held', concurrency({ limit: 100, ttl: '1m' })],
    ['a limit of which an eighth is nothing', fixedWindow({ limit: 15, window: '1m' })],
    ['a window that is over as soon', fixedWindow({ limit: 100, window: 50 })],
  ])('is an algorithm with %s', async (_, algorithm) => {
    const { store, asked, busy } = world()
    const slot = await busy(algorithm)
    for (let made = 0; made < 3; made++) await call(store, { slot })
    expect(asked()).toEqual(Array(3).fill('take 1 policy'))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a call without charges', async () => {
    const { store, asked } = world()
    expect((await store.take([])).source).toBe('store')
    expect(asked()).toEqual([''])
  })
})

describe('a call of several charges', () => {
  const log = slidingLog({ limit: 800, window: '1h' })

  it('needs no store where all are covered', async () => {
    const { store, asked, busy } = world()
    const slots = [await busy(hour, 'a'), await busy(log, 'b')] as const
    await call(store, { slot: slots[0] })
    await pass(10)
    await call(store, { slot: slots[1] })
    asked()
    const { ruling, charges } = await call(store, { slot: slots[0], cost: 2 }, { slot: slots[1], cost: 3 })
    expect(ruling).toEqual({ allowed: true, at: 1_000_010, source: 'lease' })
    expect(charges.map(({ at, remaining }) => [at, remaining])).toEqual([
      [1_000_000, 996],
      [0, 795],
    ])
    expect(asked()).toEqual([])
  })

  it('asks the store for what is not covered', async () => {
    const { store, asked, busy } = world()
    const [held, asking] = [await busy(hour, 'held'), await busy(log, 'asking')]
    await call(store, { slot: held })
    asked()
    await pass(10)
    const { ruling, charges } = await call(store, { slot: held }, { slot: asking, cost: 4 })
    expect(asked()).toEqual(['take 4 to 100 asking'])
    expect(ruling).toEqual({ allowed: true, at: 1_000_010, source: 'store' })
    expect(charges.map(({ cost, at, remaining }) => [cost, at, remaining])).toEqual([
      [1, 1_000_000, 997],
      [4, 0, 795],
    ])
  })

  it('puts back what it set aside when another charge is refused, or the store fails', async () => {
    const { store, later, asked, busy, used } = world()
    const held = await busy(hour, 'held')
    const full = store.open('full', fixedWindow({ limit: 1, window: '1h' }))
    await call(store, { slot: held }, { slot: full })
    await call(store, { slot: held })
    const { ruling, charges } = await call(store, { slot: held, cost: 9 }, { slot: full })
    expect(ruling).toEqual({ allowed: false, at: 1_000_000, source: 'store' })
    expect(charges.map(answerOf)).toEqual([
      { allowed: true, remaining: 997, retryAfterMs: 0, resetMs: 3_600_000 },
      { allowed: false, remaining: 0, retryAfterMs: 3_600_000, resetMs: 3_600_000 },
    ])
    later.failing = new Error('down')
    await expect(call(store, { slot: held, cost: 9 }, { slot: full })).rejects.toThrow('down')
    later.failing = undefined
    asked()
    expect((await call(store, { slot: held, cost: 98 })).charges[0]?.remaining).toBe(899)
    expect(asked()).toEqual([])
    expect(await used(held)).toBe(101)
  })

  it('gives back what it set aside of a lease that is over by then', async () => {
    const { held, refused, answer, store, used } = await aboutToBeRefused()
    const back = store.giveBack?.()
    answer()
    await Promise.all([refused, back])
    await pass(0)
    expect(await used(held)).toBe(2)
  })

  it('gives back nothing of what was forgotten meanwhile', async () => {
    const { held, refused, answer, store, asked } = await aboutToBeRefused()
    const forgotten = store.forget(held, 'key')
    asked()
    answer()
    await Promise.all([refused, forgotten])
    expect(asked()).toEqual([])
  })

  it('waits for what is on its way, and sets nothing aside meanwhile', async () => {
    const { store, asked, busy, used, wait } = world({ size: 10 })
    const [held, coming] = [await busy(hour, 'held'), await busy(hour, 'coming')]
    await call(store, { slot: held })
    asked()
    const answer = wait()
    const both = [call(store, { slot: coming }), call(store, { slot: held }, { slot: coming })]
    answer()
    expect((await Promise.all(both))[1]?.ruling.source).toBe('lease')
    expect(asked()).toEqual(['take 1 to 10 coming'])
    await store.giveBack?.()
    expect([await used(held), await used(coming)]).toEqual([3, 3])
  })

  it('may name a key twice', async () => {
    const { store, busy, used } = world({ size: 10 })
    const slot = await busy()
    expect((await call(store, { slot, cost: 3 }, { slot, cost: 4 })).ruling.allowed).toBe(true)
    expect((await call(store, { slot, cost: 5 }, { slot, cost: 4 })).ruling.allowed).toBe(true)
    await store.giveBack?.()
    expect(await used(slot)).toBe(1 + 7 + 9)
  })

  it('tells what the inner store tells', async () => {
    const { later, memory } = world()
    const slot = memory.open('policy', hour)
    later.take = async (charges: readonly Charge[]) => {
      const told = charges.filter(({ kind }) => kind === 'take')
      return { allowed: false, at: 1, source: 'deny-cache', told } satisfies Ruling
    }
    const store = lease(later, { size: 100 })
    const opened = store.open('policy', slot.algorithm)
    await call(store, { slot: opened })
    const { ruling, charges } = await call(store, { slot: opened })
    expect(ruling.told?.[0]).toBe(charges[0])
  })
})

describe('what is not spent', () => {
  it('goes back after `maxHold`, counted from before the store was asked', async () => {
    const { store, asked, busy, used, wait } = world({ maxHold: '500ms' })
    const slot = await busy()
    const answer = wait()
    const first = call(store, { slot })
    await pass(200)
    answer()
    await first
    await pass(299)
    expect((await call(store, { slot, cost: 9 })).ruling.source).toBe('lease')
    asked()
    await pass(1)
    expect(asked()).toEqual(['refund 90 policy of 1000200'])
    expect([await used(slot), vi.getTimerCount()]).toEqual([11, 0])
  })

  it('goes back one lease after the other, by one timer', async () => {
    const { store, asked, busy } = world()
    const slot = await busy()
    for (const key of ['a', 'b', 'c']) {
      await call(store, { slot, key })
      await call(store, { slot, key })
      expect(vi.getTimerCount()).toBe(1)
      await pass(100)
    }
    asked()
    await pass(699)
    expect(asked()).toEqual([])
    await pass(1)
    expect(asked()).toEqual(['refund 99 policy of 1000000'])
    await pass(200)
    expect([asked().length, vi.getTimerCount()]).toEqual([2, 0])
  })

  it('is spent no more in the last 50 ms of its window', async () => {
    for (const [algorithm, endsMs] of [
      [fixedWindow({ limit: 1000, window: 1000 }), 1000],
      [fixedWindow({ limit: 1000, window: 900, align: 'clock' }), 900 - (1_000_000 % 900)],
      [calendarWindow({ limit: 1000, every: 'minute' }), 60_000 - (1_000_000 % 60_000)],
    ] as const) {
      const { store, busy } = world({ maxHold: '1h' })
      const slot = await busy(algorithm)
      await call(store, { slot })
      await pass(endsMs - 51)
      expect((await call(store, { slot })).ruling.source).toBe('lease')
      await pass(1)
      expect((await call(store, { slot })).ruling.source).toBe('store')
      await store.giveBack?.()
    }
  })

  it('is not kept where it comes too late', async () => {
    const { store, busy, used, wait } = world({ maxHold: 100 })
    const slot = await busy()
    const answer = wait()
    const first = call(store, { slot })
    await pass(100)
    answer()
    expect((await first).charges[0]).toMatchObject({ allowed: true, remaining: 998 })
    await pass(0)
    expect([await used(slot), vi.getTimerCount()]).toEqual([2, 0])
  })

  it('is not kept where its window is about to end', async () => {
    const { store, asked, busy } = world({ maxHold: '1h' })
    const slot = await busy(fixedWindow({ limit: 1000, window: 1000 }))
    await pass(950)
    await call(store, { slot })
    expect(asked()).toEqual(['take 1 to 100 policy', 'refund 99 policy of 1000950'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not kept either where something stands in for the store', async () => {
    const { later, busy: _, ...rest } = world()
    const take = later.take.bind(later)
    later.take = async (charges: readonly Charge[]) => ({ ...(await take(charges)), source: 'fallback' })
    const seen: string[] = []
    const spy: Store<'async'> = {
      ...later,
      take(charges) {
        seen.push(...charges.map((charge) => `${shown(charge)} ${charge.from}`))
        return later.take(charges)
      },
    }
    const store = lease(spy, { size: 100 })
    const slot = store.open('policy', hour)
    await many(store, 1, { slot })
    await many(store, 1, { slot })
    await pass(0)
    expect(seen).toEqual([
      'take 1 policy store',
      'take 1 to 100 policy store',
      'refund 99 policy of 1000000 fallback',
    ])
    expect(await rest.used(slot)).toBe(2)
  })

  it('goes back when asked for, also what is still on its way', async () => {
    const { store, busy, used, wait } = world()
    const slot = await busy()
    const answer = wait()
    const first = call(store, { slot })
    const back = store.giveBack?.()
    answer()
    await Promise.all([first, back])
    expect([await used(slot), vi.getTimerCount()]).toEqual([2, 0])
    await call(store, { slot })
    expect((await call(store, { slot })).ruling.source).toBe('lease')
  })

  it('goes back when the store is closed, and nothing is leased any more', async () => {
    const { store, asked, later, busy, used, wait } = world()
    const slot = await busy()
    const other = await busy(hour, 'other')
    await call(store, { slot: other })
    const answer = wait()
    const closed: string[] = []
    later.close = () => void closed.push('closed')
    const first = call(store, { slot })
    const closing = store.close?.()
    answer()
    await Promise.all([first, closing])
    asked()
    expect([await used(slot), await used(other), vi.getTimerCount()]).toEqual([2, 2, 0])
    await call(store, { slot })
    expect(asked()).toEqual(['take 1 policy'])
  })

  it('is lost when it cannot go back, and nobody hears of it', async () => {
    const { store, later, busy, used } = world()
    const slot = await busy()
    await call(store, { slot })
    later.failing = new Error('down')
    await pass(2000)
    await call(store, { slot }).catch(() => undefined)
    await store.giveBack?.()
    later.failing = undefined
    expect(await used(slot)).toBe(101)
    expect((await call(store, { slot })).ruling.allowed).toBe(true)
  })

  it('vanishes with the state of its key', async () => {
    const { store, asked, busy, used } = world()
    const slot = await busy()
    const other = await busy(hour, 'other')
    for (const one of [slot, other]) await call(store, { slot: one })
    await store.forget(slot, 'another key')
    expect((await call(store, { slot })).ruling.source).toBe('lease')
    await store.forget(slot, 'key')
    asked()
    expect((await call(store, { slot })).ruling.source).toBe('store')
    expect(asked()).toEqual(['take 1 to 100 policy'])
    expect((await call(store, { slot: other })).ruling.source).toBe('lease')
    await store.forget(slot, undefined)
    asked()
    expect((await call(store, { slot })).ruling.source).toBe('store')
    expect((await call(store, { slot: other })).ruling.source).toBe('lease')
    expect([asked(), await used(slot)]).toEqual([['take 1 to 100 policy'], 100])
  })

  it('vanishes too while it is on its way', async () => {
    for (const forgotten of ['key', undefined]) {
      const { store, busy, asked, wait } = world()
      const slot = await busy()
      const other = await busy(hour, 'other')
      const answer = wait()
      const both = [call(store, { slot }, { slot: other }), store.forget(slot, forgotten)]
      answer()
      await Promise.all(both)
      asked()
      expect((await call(store, { slot: other })).ruling.source).toBe('lease')
      expect((await call(store, { slot })).ruling.source).toBe('store')
      expect(asked()).toEqual(['take 1 to 100 policy'])
      await store.giveBack?.()
    }
  })
})

describe('a lease', () => {
  it('is held for `maxKeys` keys; others ask each time', async () => {
    const { store, asked, busy } = world({ maxKeys: 2 })
    const slot = await busy()
    const keys = ['a', 'b', 'c']
    for (const key of [...keys, ...keys]) {
      await call(store, { slot, key })
      await call(store, { slot, key })
    }
    expect(asked().filter((sent) => sent.includes('to')).length).toBe(2)
  })

  it('keeps apart names, kinds and keys that look alike', async () => {
    const { store, used, asked } = world()
    const slots = ['a', 'aslidingLog', '1,a'].flatMap((name) => [
      store.open(name, hour),
      store.open(name, slidingLog({ limit: 1000, window: '1h' })),
    ])
    const keys = ['key', 'slidingLogkey', ',key', '\n', '🔑', '__proto__']
    for (const slot of slots)
      for (const key of keys) for (let made = 0; made < 4; made++) await call(store, { slot, key })
    expect(asked().length).toBe(2 * slots.length * keys.length)
    await store.giveBack?.()
    for (const slot of slots) for (const key of keys) expect(await used(slot, key)).toBe(4)
  })

  it('is spent with receipts that refunds go by', async () => {
    const { store, used } = world()
    const algorithm = slidingLog({ limit: 1000, window: '1h' })
    const limiter = createLimiter({ store, algorithm })
    const slot = store.open('default', algorithm)
    await limiter.take('key')
    await limiter.take('key')
    await pass(300)
    const spent = await limiter.take('key', { cost: 5 })
    expect(spent).toMatchObject({ source: 'lease', at: 1_000_000 })
    await limiter.refund(spent)
    await limiter.refund(spent)
    await store.giveBack?.()
    expect(await used(slot)).toBe(2)
  })

  it('answers at once around a store that does', () => {
    const store = lease(memoryStore({ clock: () => 5000 }), { size: 50 })
    const limiter = createLimiter({ store, algorithm: hour })
    const decisions = Array.from({ length: 101 }, () => limiter.take('ada'))
    expect(decisions.filter(({ source }) => source === 'store').length).toBe(3)
    expect(decisions.at(-1)?.remaining).toBe(899)
    void store.giveBack?.()
    expect(limiter.peek('ada').remaining).toBe(899)
    expect(vi.getTimerCount()).toBe(0)
    void store.close?.()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('survives a store that throws at once', () => {
    let fails = false
    const memory = memoryStore({ clock: () => (fails ? -1 : 5000) })
    const store = lease(memory, { size: 50 })
    const limiter = createLimiter({ store, algorithm: hour })
    limiter.take('ada')
    fails = true
    expect(thrown(() => limiter.take('ada'))).toMatch('RangeError')
    fails = false
    expect([limiter.take('ada').source, limiter.take('ada').source]).toEqual(['store', 'store'])
    fails = true
    expect(store.giveBack?.()).toBeUndefined()
  })

  it('has the wall clock of its store, or one of its own, since receipts are of the past', () => {
    expect(world().store.wallClock?.()).toBe(Date.now())
    expect(lease(memoryStore({ clock: () => 7 }), { size: 2 }).wallClock?.()).toBe(7)
  })

  it.each([
    ['around', (store: Store<'async'>) => denyCache(lease(store, { size: 100 }))],
    ['inside', (store: Store<'async'>) => lease(denyCache(store), { size: 100 })],
  ])('works with a deny cache %s', async (_, wrap) => {
    const { later, used } = world()
    const take = vi.spyOn(later, 'take')
    const store = wrap(later)
    const slot = store.open('policy', fixedWindow({ limit: 500, window: '1h' }))
    let admitted = 0
    for (let made = 0; made < 2000; made++) if ((await call(store, { slot })).ruling.allowed) admitted++
    expect([admitted, await used(slot)]).toEqual([500, 500])
    expect(take.mock.calls.length).toBeLessThan(60)
    expect((await call(store, { slot })).ruling.source).toBe('deny-cache')
  })

  for (const { name, run } of storeCases)
    it(name, () => run((clock) => lease(laterStore(memoryStore({ clock })), { size: 10 })))
})
