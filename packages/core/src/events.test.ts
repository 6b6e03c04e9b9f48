import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { tokenBucket } from './algorithms/token-bucket.ts'
import type { LimiterEvents } from './events.ts'
import { createLimiter } from './limiter.ts'
import type { LimiterOptions } from './limiter-types.ts'
import { StoreError } from './store-error.ts'
import { memoryStore } from './stores/memory.ts'
import { failurePolicy } from './stores/failure-policy.ts'
import { laterStore } from './testing/later-store.ts'
import { type FakeTime, fakeTime, storeKinds } from './testing/waits.ts'
import { tell } from './tell.ts'
import { noon } from './testing/worlds.ts'

const NAMES = ['taken', 'limited', 'shadowLimited', 'warned', 'delayed', 'policyReset'] as const

/** Listeners that note what they are told. */
function noting(): { on: LimiterEvents; told: [string, any][] } {
  const told: [string, any][] = []
  const on = Object.fromEntries(
    NAMES.map((name) => [name, (event: unknown) => void told.push([name, event])]),
  )
  return { on, told }
}

function limiterOf(options: Partial<LimiterOptions<'sync', string>>) {
  const { on, told } = noting()
  const store = memoryStore({ clock: () => noon })
  const algorithm = fixedWindow({ limit: 2, window: '1h' })
  const limiter = createLimiter({
    store,
    ...('policies' in options ? {} : { algorithm }),
    ...options,
    on,
  } as LimiterOptions<'sync', string>)
  return { limiter, told, names: () => told.map(([name]) => name) }
}

describe('each fact is told once', () => {
  it('a call that is allowed, and one that is refused, with the decision that they get', () => {
    const { limiter, told } = limiterOf({})
    const decisions = [limiter.take('ada'), limiter.take('ada'), limiter.take('ada')]
    expect(told).toEqual([
      ['taken', { decision: decisions[0] }],
      ['taken', { decision: decisions[1] }],
      ['limited', { decision: decisions[2] }],
    ])
    expect(told.map(([, { decision }]) => decision)).toEqual(decisions)
  })

  it('by whichever way a call is made', () => {
    const { limiter, names } = limiterOf({})
    limiter.decide([{ policy: 'default', key: 'ada' }])
    limiter.reserve('ada').settle(5)
    limiter.take('ada', { cost: 0 })
    limiter.reserve('ada')
    expect(names()).toEqual(['taken', 'taken', 'taken', 'limited'])
  })

  it('what charges nothing tells nothing', () => {
    const { limiter, names } = limiterOf({})
    limiter.peek('ada', { cost: 3 })
    limiter.peek('ada')
    limiter.take({})
    const decision = limiter.take('ada')
    limiter.refund(decision)
    limiter.reset('ada')
    expect(names()).toEqual(['taken'])
  })

  it('a policy in shadow mode that would have refused: beside what came of the call', () => {
    const { limiter, told } = limiterOf({
      policies: [
        { name: 'enforced', algorithm: fixedWindow({ limit: 2, window: '1h' }) },
        { name: 'lower', algorithm: fixedWindow({ limit: 1, window: '1h' }), mode: 'shadow' },
        { name: 'higher', algorithm: fixedWindow({ limit: 9, window: '1h' }), mode: 'shadow' },
      ],
    })
    for (let times = 0; times < 3; times++) limiter.take('ada')
    const shown = told.map(([name, { policy }]) => [name, policy?.name])
    expect(shown).toEqual([
      ['taken', undefined],
      ['taken', undefined],
      ['shadowLimited', 'lower'],
      ['limited', undefined],
      ['shadowLimited', 'lower'],
    ])
    expect(told[2]?.[1].decision.allowed).toBe(true)
  })

  it('a policy that changes its kind', () => {
    const { limiter, told } = limiterOf({})
    limiter.update({ algorithm: tokenBucket({ capacity: 2, refill: 1, per: '1h' }) })
    expect(told).toEqual([['policyReset', { policy: 'default', from: 'fixedWindow', to: 'tokenBucket' }]])
  })

  it('what a failure policy answers is neither taken nor limited', async () => {
    for (const onStoreError of ['allow', 'deny'] as const) {
      const { on, told } = noting()
      const away = laterStore(memoryStore())
      away.failing = new StoreError('not-ready', 'away')
      const store = failurePolicy(away, onStoreError, { storeFailing: () => undefined })
      const limiter = createLimiter({ store, limit: 1, window: '1h', warnAt: 1, on })
      expect((await limiter.take('ada')).allowed).toBe(onStoreError === 'allow')
      expect((await limiter.wait('ada')).source).toBe('failure-policy')
      expect(told).toEqual([])
      await limiter.close()
    }
  })
})

describe.each(storeKinds)('a wait, in %s', (_name, kind) => {
  let time: FakeTime
  beforeEach(() => {
    time = fakeTime()
  })
  afterEach(() => time.end())

  const waiting = (algorithm: Algorithm = tokenBucket({ capacity: 1, refill: 10, per: '1s' })) => {
    const { on, told } = noting()
    return { limiter: createLimiter({ store: kind(time.store()), algorithm, on }), told }
  }

  it('tells of the charge at once, and of the delay when it is over', async () => {
    const { limiter, told } = waiting()
    for (const name of [1, 2]) time.watch(name, limiter.wait('ada'))
    await time.pass(50)
    expect(told.map(([name]) => name)).toEqual(['taken', 'taken'])
    await time.pass(60)
    expect(told.slice(2)).toEqual([['delayed', { decision: time.ended[1]?.decision, waitedMs: 100 }]])
  })

  it('that was not needed is none', async () => {
    const { limiter, told } = waiting(fixedWindow({ limit: 2, window: '1s' }))
    for (const name of [1, 2]) time.watch(name, limiter.wait('ada'))
    await time.pass(10)
    expect(told.map(([name]) => name)).toEqual(['taken', 'taken'])
  })

  it('tells once that it was refused, however often it asked', async () => {
    const { limiter, told } = waiting(fixedWindow({ limit: 1, window: '100ms' }))
    time.watch('first', limiter.wait('ada'))
    time.watch('second', limiter.wait('ada', { maxWait: '1s' }))
    time.watch('third', limiter.wait('ada', { maxWait: '50ms' }))
    await time.pass(120)
    expect(told.map(([name]) => name)).toEqual(['taken', 'limited', 'taken', 'delayed'])
    expect(told.at(-1)?.[1].waitedMs).toBe(100)
    time.watch('never', limiter.wait('ada', { cost: 2 }))
    await time.pass(10)
    expect(told.slice(4).map(([name]) => name)).toEqual(['limited'])
  })

  it('of those behind others is told, too', async () => {
    const { limiter, told } = waiting(fixedWindow({ limit: 1, window: '100ms' }))
    for (const name of [1, 2, 3]) time.watch(name, limiter.wait('ada'))
    await time.pass(250)
    const delays = told.filter(([name]) => name === 'delayed').map(([, { waitedMs }]) => waitedMs)
    expect(delays).toEqual([100, 200])
  })

  it('of those who pass right behind the first is told, too', async () => {
    const { limiter, told } = waiting(fixedWindow({ limit: 2, window: '100ms' }))
    for (const name of [1, 2, 3, 4]) time.watch(name, limiter.wait('ada'))
    await time.pass(150)
    const delays = told.filter(([name]) => name === 'delayed').map(([, { waitedMs }]) => waitedMs)
    expect(delays).toEqual([100, 100])
  })

  it('that is given up tells nothing more', async () => {
    const { limiter, told } = waiting()
    const leaving = new AbortController()
    time.watch(1, limiter.wait('ada'))
    time.watch(2, limiter.wait('ada', { signal: leaving.signal }))
    await time.pass(50)
    leaving.abort()
    await time.pass(200)
    expect(told.map(([name]) => name)).toEqual(['taken', 'taken'])
  })
})

describe('a listener that fails', () => {
  const warnings: string[] = []
  beforeEach(() => {
    warnings.length = 0
    vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text))
  })
  afterEach(() => vi.restoreAllMocks())

  const bug = (): never => {
    throw new Error('a bug')
  }

  it('spoils no decision, and is warned of once', async () => {
    const on = Object.fromEntries(NAMES.map((name) => [name, bug]))
    const limiter = createLimiter({
      policies: [
        { name: 'enforced', algorithm: fixedWindow({ limit: 1, window: '1h' }), warnAt: 1 },
        { name: 'shadow', algorithm: fixedWindow({ limit: 0, window: '1h' }), mode: 'shadow' },
      ],
      on,
    })
    expect([1, 2, 3].map(() => limiter.take('ada').allowed)).toEqual([true, false, false])
    limiter.update({
      policies: [
        { name: 'enforced', algorithm: tokenBucket({ capacity: 1, refill: 1, per: 50 }) },
        { name: 'shadow', algorithm: tokenBucket({ capacity: 1, refill: 1, per: 50 }), mode: 'shadow' },
      ],
    })
    expect(limiter.policies.map(({ kind }) => kind)).toEqual(['tokenBucket', 'tokenBucket'])
    await Promise.all([limiter.wait('bob'), limiter.wait('bob')])
    const events = ['taken', 'shadowLimited', 'warned', 'limited', 'policyReset', 'delayed']
    expect(warnings).toEqual(events.map((name) => `[sluice] on.${name} threw Error: a bug`))
  })

  it('later than at once does neither, and does not end the process', async () => {
    tell('rejecting', () => Promise.reject(new Error('a late bug')), 1)
    tell('rejecting', () => Promise.reject(new Error('another one')), 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(warnings).toEqual(['[sluice] on.rejecting threw Error: a late bug'])
  })

  it.each<[string, () => unknown]>([
    ['throws what cannot be text', () => bugOf(Object.create(null))],
    ['rejects with what cannot be text', () => Promise.reject(Object.create(null) as Error)],
    ['gives what cannot be looked at', () => new Proxy({}, { get: bug })],
    ['gives a thenable that throws', () => new Proxy({}, { get: () => bug })],
  ])('and %s', async (how, listener) => {
    tell(how, listener, 1)
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(warnings).toHaveLength(1)
  })

  function bugOf(what: unknown): never {
    throw what
  }
})
