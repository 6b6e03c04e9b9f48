import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Decision } from '../algorithm.ts'
import { concurrency } from '../algorithms/concurrency.ts'
import type { Limiter } from '../limiter-types.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Store } from '../store.ts'
import { laterStore } from '../testing/later-store.ts'
import type { Sent } from './sent.ts'
import { ask, frozen, gate, type Options, SENT } from './testing/requests.ts'

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

describe('what a response cost', () => {
  const warn = vi.spyOn(console, 'warn')
  let elapsed = 0

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    vi.advanceTimersByTime((elapsed += 2_000_000_000))
    warn.mockReset().mockReturnValue()
  })
  afterEach(() => void vi.useRealTimers())

  const key = (): string => 'ada'
  const used = (http: ReturnType<typeof gate>): number[] =>
    (http.limiter as Limiter<'sync'>).peek('ada', { cost: 0 }).policies.map((policy) => policy.used)

  it.each<[how: string, settle: () => MaybePromise<number>, word: RegExp]>([
    [
      'throws',
      () => fail(),
      /^\[sluice\] what a response cost could not be settled, so it stays charged: Error$/,
    ],
    ['rejects', async () => fail(), /so it stays charged: Error$/],
    ['gives a fraction', () => 0.5, /^\[sluice\] settle has to give a whole number from 0, or undefined/],
    ['gives nothing below 0', () => -1, /^\[sluice\] settle has to give a whole number/],
    ['gives no number', async () => Promise.resolve('5' as unknown as number), /^\[sluice\] settle has to/],
  ])(
    'stays charged, with one warning, where settle %s; other policies are settled',
    async (_how, settle, word) => {
      const policy = { limit: 9, window: '1m', key, cost: 4 } as const
      const http = gate({
        store: frozen(),
        policies: [
          { ...policy, name: 'broken', settle },
          { ...policy, name: 'sound', settle: () => 1 },
        ],
      })
      for (let times = 0; times < 2; times++) await ask(http)?.over?.(SENT)
      expect(used(http)).toEqual([8, 2])
      expect(warn.mock.calls).toEqual([[expect.stringMatching(word)]])
    },
  )

  function fail(): never {
    throw new Error('the secret of ada')
  }

  it('stays charged where refundWhen throws', async () => {
    const http = gate({ store: frozen(), limit: 9, window: '1m', key, refundWhen: () => fail() })
    await ask(http)?.over?.(SENT)
    expect(used(http)).toEqual([1])
    expect(warn.mock.calls.flat()).toEqual([expect.not.stringContaining('ada')])
  })

  it('stays charged where the store is down by then, with one warning', async () => {
    const { store, fail: failNow } = failing(laterStore(frozen()))
    const http = gate({ store, limit: 9, window: '1m', key, settle: () => 5 })
    const outcomes = [await http.handle({}), await http.handle({})]
    failNow()
    for (const outcome of outcomes) expect(await outcome?.over?.(SENT)).toBeUndefined()
    expect(warn.mock.calls.flat()).toEqual([expect.not.stringContaining('hunter2')])
  })

  it.each<[ending: Partial<Sent>, ofFailed: number, ofSuccessful: number]>([
    [{ status: 200 }, 1, 0],
    [{ status: 200, aborted: true }, 1, 0],
    [{ status: 304 }, 1, 0],
    [{ status: 399 }, 1, 0],
    [{ status: 400 }, 0, 1],
    [{ status: 499, aborted: true }, 0, 1],
    [{ status: 503 }, 0, 1],
  ])('after %o is %i where what failed is given back, else %i', (ending, ofFailed, ofSuccessful) => {
    const policy = { limit: 9, window: '1m', key } as const
    const http = gate({
      store: frozen(),
      policies: [
        { ...policy, name: 'failed', refundWhen: 'failed' },
        { ...policy, name: 'successful', refundWhen: 'successful' },
        { ...policy, name: 'neither' },
      ],
    })
    expect(ask(http)?.over?.({ ...SENT, ...ending })).toBeUndefined()
    expect(used(http)).toEqual([ofFailed, ofSuccessful, 1])
  })

  it('is what settle says where refundWhen does not give it back', () => {
    const http = gate({ store: frozen(), limit: 9, window: '1m', key, refundWhen: 'failed', settle: 'bytes' })
    const first = ask(http)
    const second = ask(http)
    first?.over?.({ ...SENT, bytes: 3 })
    expect(used(http)).toEqual([4])
    second?.over?.({ ...SENT, bytes: 3, status: 500 })
    expect(used(http)).toEqual([3])
  })

  it('is charged in shadow only where the request was', () => {
    const http = gate({
      store: frozen(),
      limit: 5,
      window: '1m',
      key,
      cost: 3,
      mode: 'shadow',
      settle: () => 4,
    })
    for (let times = 0; times < 2; times++) ask(http)?.over?.(SENT)
    expect(used(http)).toEqual([4])
  })

  it('is what the app says, where it settles or refunds by itself', () => {
    const http = gate({ store: frozen(), limit: 9, window: '1m', key, cost: 3, settle: () => 9 })
    const limiter = http.limiter as Limiter<'sync'>
    const [first, second] = [ask(http), ask(http)]
    limiter.settle(first?.decision as Decision, 1)
    limiter.refund(second?.decision as Decision)
    for (const outcome of [first, second]) outcome?.over?.(SENT)
    expect(used(http)).toEqual([1])
  })
})

describe('a middleware without anything to do after the response', () => {
  it.each<[what: string, options: Options]>([
    ['one policy', { limit: 9, window: '1m' }],
    [
      'several',
      {
        policies: [
          { limit: 9, window: '1m' },
          { name: 'b', limit: 9, window: '1m', when: () => true },
        ],
      },
    ],
  ])('has nothing to be told: %s', (_what, options) => {
    const http = gate(options)
    const outcome = ask(http, { address: '203.0.113.7' })
    expect([outcome?.decision?.allowed, outcome?.over, http.countsBytes]).toEqual([true, undefined, false])
  })

  it('nor has one whose policies that would have are not charged', () => {
    const policies = [
      { limit: 9, window: '1m', key: () => 'ada' },
      { name: 'b', limit: 9, window: '1m', settle: 'bytes', when: () => false },
    ] as const
    expect(ask(gate({ policies }))?.over).toBeUndefined()
  })

  it('nor has a refusal', () => {
    const http = gate({ limit: 0, window: '1m', key: () => 'ada', refundWhen: 'failed', settle: 'bytes' })
    const outcome = ask(http)
    expect([outcome?.refusal?.status, outcome?.over]).toEqual([429, undefined])
  })
})

describe('what is known only later', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('keeps nothing else waiting for longer than a second, and is settled when it comes', async () => {
    let tell = (_tokens: number): void => undefined
    const told = new Promise<number>((resolve) => {
      tell = resolve
    })
    const tokens = { limit: 100, window: '1m', key: () => 'ada' } as const
    const http = gate({
      store: frozen(),
      policies: [
        { ...tokens, name: 'input', settle: () => 30 },
        { ...tokens, name: 'output', settle: async () => told },
      ],
    })
    const outcome = await http.handle({})
    void outcome?.over?.(SENT)
    const used = (): readonly number[] =>
      (http.limiter.peek('ada') as Decision).policies.map((policy) => policy.used)
    await vi.advanceTimersByTimeAsync(999)
    expect(used()).toEqual([1, 1])
    await vi.advanceTimersByTimeAsync(1)
    expect(used()).toEqual([30, 1])
    tell(50)
    await vi.advanceTimersByTimeAsync(0)
    expect(used()).toEqual([30, 50])
    expect(vi.getTimerCount()).toBe(0)
  })
})
