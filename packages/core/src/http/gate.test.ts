import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { parseList } from 'structured-headers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { concurrency } from '../algorithms/concurrency.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import type { Store } from '../store.ts'
import { laterStore } from '../testing/later-store.ts'
import { byIp } from './keys.ts'
import { type Asked, ask, frozen, gate, NOW, type Options, SENT, written } from './testing/requests.ts'

const key = (): string => 'ada'
const minute = { limit: 2, window: '1m', key } as const

describe('an outcome', () => {
  it('is there at once with a store that answers at once, through every kind of key and option', () => {
    const { handle } = gate({
      ...minute,
      store: frozen(),
      cost: () => 1,
      when: () => true,
      skip: () => false,
      deny: ['203.0.113.7'],
      message: () => 'no',
    })
    const asked = { address: '192.0.2.1' }
    const outcomes = [handle(asked), handle(asked), handle(asked)]
    expect(outcomes.some((outcome) => outcome instanceof Promise)).toBe(false)
    expect(outcomes).toMatchObject([
      { decision: { allowed: true }, refusal: undefined },
      { decision: { allowed: true }, refusal: undefined },
      { decision: { allowed: false }, refusal: { status: 429 } },
    ])
  })

  it.each([
    ['key', { key: async () => Promise.resolve('ada') }],
    ['cost', { cost: async () => Promise.resolve(1) }],
    ['when', { when: async () => Promise.resolve(true) }],
    ['skip', { skip: async () => Promise.resolve(false) }],
    ['deny', { deny: async () => Promise.resolve(false) }],
    ['limit', { limit: async () => Promise.resolve(2) }],
  ])('comes later where the %s does', async (_option, options) => {
    const outcome = gate({ ...minute, store: frozen(), ...options }).handle({})
    expect(outcome).toBeInstanceOf(Promise)
    expect(await outcome).toMatchObject({ decision: { allowed: true, remaining: 1 } })
  })

  it('comes later where the store does', async () => {
    const outcome = gate({ ...minute, store: laterStore(frozen()) }).handle({})
    expect(outcome).toBeInstanceOf(Promise)
    expect(await outcome).toMatchObject({ decision: { allowed: true, remaining: 1 } })
  })

  it('is none where the limiter has nothing to say', () => {
    expect(gate({ ...minute, enabled: false }).handle({})).toBeUndefined()
    expect(gate({ ...minute, skip: () => true }).handle({})).toBeUndefined()
    expect(gate({ ...minute, when: () => false }).handle({})).toBeUndefined()
    expect(gate({ ...minute, key: () => undefined }).handle({})).toBeUndefined()
  })

  it('S28: is none for a CORS preflight, and counts nothing', () => {
    const http = gate({ ...minute, limit: 1, store: frozen() })
    const headers = { 'access-control-request-method': 'PUT' }
    expect(http.handle({ method: 'OPTIONS', headers })).toBeUndefined()
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 1 })
    expect(http.handle({ method: 'GET', headers })).toMatchObject({ decision: { allowed: true } })
    expect(http.handle({ method: 'OPTIONS' })).toMatchObject({ decision: { allowed: false } })
  })

  it('asks for no key of a client that is skipped or denied', () => {
    const asked = vi.fn<() => string>(key)
    gate({ ...minute, key: asked, skip: () => true }).handle({})
    gate({ ...minute, key: asked, deny: () => true }).handle({})
    expect(asked).not.toHaveBeenCalled()
  })

  it('of a client on the deny list has no decision, and tells nothing of limits', () => {
    const http = gate({ ...minute, store: frozen(), deny: ['203.0.113.0/24'], expose: true })
    const outcome = ask(http, { address: '203.0.113.7', peer: '203.0.113.7' })
    expect(outcome).toMatchObject({ decision: undefined, refusal: { status: 403 }, over: undefined })
    expect(written(outcome, { ETag: '"1"' })).toEqual({ 'Cache-Control': 'no-store' })
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 2 })
  })
})

describe('headers', () => {
  const outcomeOf = (options: Options, times = 1) => {
    const http = gate({ store: frozen(), headers: 'draft-11', ...options })
    for (let time = 1; time < times; time++) ask(http)
    return ask(http)
  }
  const fields = { RateLimit: '"default";r=1;t=60', 'RateLimit-Policy': '"default";q=2;w=60' }
  const fixed = { algorithm: fixedWindow({ limit: 2, window: '1m' }), key } as const

  it('S25: are the same for a client that prefers text', () => {
    const http = gate({ ...minute, limit: 0, store: frozen() })
    const told = ['text/html', 'application/json'].map((accept) => {
      const outcome = ask(http, { headers: { accept } })
      return [outcome?.refusal?.status, outcome?.refusal?.contentType, written(outcome)]
    })
    expect(told[0]?.[0]).toBe(429)
    expect(told[0]?.[1]).toBe('text/plain; charset=utf-8')
    expect(told[1]?.[1]).toBe('application/problem+json')
    expect(told[0]?.[2]).toEqual(told[1]?.[2])
  })

  it('S26: are exposed beside what is exposed already, on every response', () => {
    const before = { 'Access-Control-Expose-Headers': 'ETag' }
    for (const times of [1, 3]) {
      expect(written(outcomeOf({ ...minute, expose: true }, times), before)).toMatchObject({
        'Access-Control-Expose-Headers': 'ETag, RateLimit, RateLimit-Policy, Retry-After',
      })
    }
  })

  it('S29: leave a cacheable response as it is with skipWhenCacheable', () => {
    const cacheable = { 'Cache-Control': 'public, max-age=60' }
    expect(written(outcomeOf({ ...fixed, skipWhenCacheable: true }), cacheable)).toEqual(cacheable)
    expect(written(outcomeOf(fixed), cacheable)).toEqual({ ...cacheable, ...fields })
  })

  it('S31: of two limiters stand together', () => {
    const daily = {
      policies: [{ name: 'daily', algorithm: fixedWindow({ limit: 1000, window: '1d' }), key }],
    }
    expect(written(outcomeOf(daily), written(outcomeOf(fixed)))).toEqual({
      RateLimit: '"default";r=1;t=60, "daily";r=999;t=86400',
      'RateLimit-Policy': '"default";q=2;w=60, "daily";q=1000;w=86400',
    })
  })

  it.each([300, 301, 302, 303, 307, 308])(
    'S35: leave out a redirect (%d) with skipOnRedirect only',
    (status) => {
      expect(written(outcomeOf({ ...fixed, skipOnRedirect: true }), {}, status)).toEqual({})
      expect(written(outcomeOf(fixed), {}, status)).toEqual(fields)
    },
  )

  it.each([200, 204, 304, 400, 404, 500])('are there for any other status (%d)', (status) => {
    expect(written(outcomeOf({ ...fixed, skipOnRedirect: true }), {}, status)).toEqual(fields)
  })

  it('of a refusal are there whatever the response is', () => {
    const outcome = outcomeOf({ ...fixed, skipOnRedirect: true, skipWhenCacheable: true }, 3)
    expect(written(outcome, { 'Cache-Control': 'public' }, 302)).toEqual({
      RateLimit: '"default";r=0;t=60',
      'RateLimit-Policy': '"default";q=2;w=60',
      'Retry-After': '60',
      'Cache-Control': 'no-store',
    })
  })

  it('need the response only where they depend on it', () => {
    expect(gate(minute).needsResponse).toBe(false)
    expect(gate({ ...minute, skipOnRedirect: true }).needsResponse).toBe(true)
    expect(gate({ ...minute, skipWhenCacheable: true }).needsResponse).toBe(true)
  })

  it('tell epoch time by the wall clock of the store', () => {
    const monotonic = { ...frozen(), wallClock: () => NOW + 3_600_000 }
    const outcome = outcomeOf({ ...fixed, store: monotonic, headers: 'legacy' })
    expect(written(outcome)).toMatchObject({ 'X-RateLimit-Reset': '1790003661' })
  })

  it('are strict structured fields that give back every name a policy can have', () => {
    const name = fc.stringMatching(/^[ -~]{1,100}$/)
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), (names) => {
        const policies = names.map((one) => ({ name: one, ...minute }))
        const { RateLimit, 'RateLimit-Policy': quotas } = written(outcomeOf({ policies }))
        expect(parseList(RateLimit ?? '').map(([item]) => item)).toEqual(names)
        expect(parseList(quotas ?? '').map(([item]) => item)).toEqual(names)
      }),
    )
  })
})

describe('a store that fails', () => {
  it.each([
    [
      'at once',
      {
        take: () => {
          throw new Error('out of memory')
        },
      },
    ],
    ['later', { mode: 'async' as const, take: async () => Promise.reject(new Error('out of memory')) }],
  ])('S32: %s reaches whoever asked, and nothing is told of limits', async (_when, broken) => {
    const store = { ...frozen(), ...broken } as unknown as Store
    const http = gate({ ...minute, store })
    await expect((async () => http.handle({}))()).rejects.toThrow('out of memory')
  })
})

describe('slots', () => {
  const slots = { algorithm: concurrency({ limit: 1, ttl: '1m' }), key }

  it('are freed once', () => {
    const http = gate({ ...slots, store: frozen() })
    const outcome = ask(http)
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 0 })
    void outcome?.over?.(SENT)
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 1 })
    ask(http)
    void outcome?.over?.(SENT)
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 0 })
  })

  it('of a limiter that others use too are freed', () => {
    const limiter = createLimiter({ store: frozen(), algorithm: concurrency({ limit: 1, ttl: '1m' }) })
    const outcome = ask(gate({ limiter, key }))
    expect(limiter.peek('ada').remaining).toBe(0)
    void outcome?.over?.(SENT)
    expect(limiter.peek('ada').remaining).toBe(1)
  })

  it('are held by nobody who was refused, nor by what has none', () => {
    const http = gate({ ...slots, store: frozen() })
    ask(http)
    expect(http.handle({})).toMatchObject({ decision: { allowed: false }, over: undefined })
    expect(gate(minute).handle({})).toMatchObject({ decision: { allowed: true }, over: undefined })
  })

  it('come free for a shadow policy too', () => {
    const http = gate({ ...slots, mode: 'shadow', store: frozen() })
    const outcome = ask(http)
    expect(http.handle({})).toMatchObject({ decision: { allowed: true } })
    void outcome?.over?.(SENT)
    expect(http.limiter.peek('ada')).toMatchObject({ policies: [{ remaining: 1 }] })
  })
})

describe('limiters on one store', () => {
  it('may not have a policy of the same name', () => {
    const store = frozen()
    gate({ ...minute, store })
    expect(() => gate({ ...minute, store })).toThrow(/rename it, or say \{ shared: true \}.* got 'default'/)
    expect(() => gate({ ...minute, store, name: 'other' })).not.toThrow()
  })

  it('count together where they say that they are shared', () => {
    const store = frozen()
    gate({ ...minute, store, shared: true }).handle({})
    const second = gate({ ...minute, store, shared: true })
    expect(second.handle({})).toMatchObject({ decision: { allowed: true, remaining: 0 } })
    expect(second.handle({})).toMatchObject({ decision: { allowed: false } })
  })

  it('give their names back when they are closed', async () => {
    const store = frozen()
    await gate({ ...minute, store }).limiter.close()
    expect(() => gate({ ...minute, store })).not.toThrow()
  })

  it('have memory of their own unless they are given a store', () => {
    gate({ ...minute, limit: 1 }).handle({})
    expect(gate({ ...minute, limit: 1 }).handle({})).toMatchObject({ decision: { allowed: true } })
  })
})

describe('an existing limiter', () => {
  it('is charged by key, cost and when, each policy alike', () => {
    const limiter = createLimiter({
      store: frozen(),
      policies: [
        { name: 'burst', algorithm: fixedWindow({ limit: 5, window: '1s' }) },
        { name: 'daily', algorithm: fixedWindow({ limit: 50, window: '1d' }) },
      ],
    })
    const http = gate({
      limiter,
      key: ({ headers }) => headers?.['x-user'],
      cost: 2,
      when: ({ method }) => method !== 'PUT',
    })
    expect(http.limiter).toBe(limiter)
    expect(http.handle({ headers: { 'x-user': 'ada' } })).toMatchObject({
      decision: {
        policies: [
          { name: 'burst', key: 'ada', remaining: 3 },
          { name: 'daily', key: 'ada', remaining: 48 },
        ],
      },
    })
    expect(http.handle({})).toBeUndefined()
    expect(http.handle({ method: 'PUT', headers: { 'x-user': 'ada' } })).toBeUndefined()
    expect(limiter.take('ada')).toMatchObject({ remaining: 2 })
  })
})

describe('a limiter whose policies change', () => {
  const fixed = (max: number): ReturnType<typeof fixedWindow> => fixedWindow({ limit: max, window: '1m' })
  const burst = { name: 'burst', algorithm: fixed(5) }
  const daily = { name: 'daily', algorithm: fixed(50) }

  it('is charged by each, with one look at key, cost and when', () => {
    const limiter = createLimiter({ store: frozen(), policies: [burst, daily] })
    const option = {
      key: vi.fn<() => string>(key),
      cost: vi.fn<() => number>(() => 2),
      when: vi.fn<() => boolean>(() => true),
    }
    ask(gate({ limiter, ...option }))
    for (const asked of Object.values(option)) expect(asked).toHaveBeenCalledTimes(1)
    expect(limiter.peek('ada').policies).toMatchObject([{ remaining: 3 }, { remaining: 48 }])
  })

  it('is charged as it is by then: renamed, added, and fewer', () => {
    const limiter = createLimiter<'sync', string>({ store: frozen(), policies: [burst, daily] })
    const http = gate({ limiter, key, headers: 'draft-11' })
    const told = (): unknown => written(ask(http))['RateLimit']
    expect(told()).toBe('"burst";r=4;t=60, "daily";r=49;t=60')
    limiter.update({ policies: [daily, { name: 'new', algorithm: fixed(9) }] })
    expect(told()).toBe('"daily";r=48;t=60, "new";r=8;t=60')
    limiter.update(burst)
    expect(told()).toBe('"burst";r=3;t=60')
  })

  it('is charged as it is when the key has been looked up', async () => {
    const limiter = createLimiter<'sync', string>({ store: frozen(), policies: [burst] })
    const outcome = gate({ limiter, key: async () => Promise.resolve('ada') }).handle({})
    limiter.update(daily)
    expect(await outcome).toMatchObject({ decision: { policies: [{ name: 'daily' }] } })
  })

  it.each([
    [
      'of others',
      (store: Store<'sync'>) => {
        const limiter = createLimiter({ store, algorithm: fixed(5) })
        return gate({ limiter, key, headers: 'draft-11' })
      },
    ],
    ['of its own', (store: Store<'sync'>) => gate({ store, algorithm: fixed(5), key, headers: 'draft-11' })],
  ])('tells what it counts by then, and frees slots: one %s', (_whose, made) => {
    const http = made(frozen())
    expect(written(ask(http))).toMatchObject({ 'RateLimit-Policy': '"default";q=5;w=60' })
    http.limiter.update({ algorithm: concurrency({ limit: 1, ttl: '1m' }) })
    const outcome = ask(http)
    expect(written(outcome)).toEqual({
      'RateLimit-Policy': '"default";q=1;qu="concurrent-requests"',
      RateLimit: '"default";r=0',
    })
    expect(ask(http)?.refusal?.body).toMatch('1 concurrent request reached')
    void outcome?.over?.(SENT)
    expect(http.limiter.peek('ada')).toMatchObject({ remaining: 1 })
    http.limiter.update({ algorithm: fixed(5) })
    expect(written(ask(http))).toMatchObject({ 'RateLimit-Policy': '"default";q=5;w=60' })
  })

  it('keeps the unit and the partition key that options gave', () => {
    const http = gate({
      ...minute,
      store: frozen(),
      headers: 'draft-11',
      unit: 'jobs',
      partitionKey: { secret: 'k'.repeat(32) },
    })
    const pk = (fields: Record<string, string>): unknown =>
      /;qu="jobs";w=60;pk=(.*)$/.exec(fields['RateLimit-Policy'] ?? '')?.[1]
    const before = pk(written(ask(http)))
    http.limiter.update({ algorithm: fixed(7) })
    expect(before).toMatch(/^:.{12}:$/)
    expect(pk(written(ask(http)))).toBe(before)
  })
})

describe('lists of addresses', () => {
  const connInfo = ({ route }: Asked): { remote: { address?: string | undefined } } => ({
    remote: { address: route },
  })
  const lists = { skip: ['203.0.113.7'], deny: ['203.0.113.0/24'] }

  it('see the client that byIp sees', () => {
    const http = gate({ limit: 1, window: '1m', store: frozen(), key: byIp({ connInfo }), ...lists })
    expect(ask(http, { route: '203.0.113.7' })).toBeUndefined()
    expect(ask(http, { route: '203.0.113.8' })?.refusal?.status).toBe(403)
    expect(ask(http, { route: '198.51.100.1' })?.refusal).toBeUndefined()
    // Of nobody the list would have let in somebody.
    expect(() => ask(http)).toThrow("the client's address is not known")
  })

  it('let all in whose address is not known, where these share one bucket', () => {
    const http = gate({
      limit: 1,
      window: '1m',
      store: frozen(),
      key: byIp({ unknown: 'one-bucket' }),
      ...lists,
    })
    expect(ask(http)?.decision?.policies[0]?.key).toBe('ip:unknown')
  })
})

describe('a CORS preflight', () => {
  const preflight: Asked = {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'PUT' },
    address: '203.0.113.7',
  }

  it('is denied to a client on the deny list', () => {
    const http = gate({ ...minute, limit: 0, store: frozen(), deny: ['203.0.113.7'] })
    expect(ask(http, preflight)?.refusal?.status).toBe(403)
    expect(ask(http, { ...preflight, address: '203.0.113.8' })).toBeUndefined()
  })

  it('is let through where skip comes before deny, and asks nothing where nobody is denied', () => {
    const skip = vi.fn<() => boolean>(() => true)
    ask(gate({ ...minute, store: frozen(), skip }), preflight)
    expect(skip).not.toHaveBeenCalled()
    const http = gate({ ...minute, store: frozen(), skip, deny: () => true })
    expect(ask(http, preflight)).toBeUndefined()
    expect(skip).toHaveBeenCalledTimes(1)
  })
})

describe('a limiter that is made for each request', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is named once, not at each request', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    for (let times = 0; times < 100; times++) gate({ ...minute, name: 'per-request' }).handle({})
    expect(warn.mock.calls.flat()).toEqual([expect.stringMatching(/per-request.*made for each request/)])
  })

  it('is an error at the second request where it has a store that outlives it', () => {
    const store = frozen()
    const once = (): unknown => gate({ ...minute, store }).handle({})
    once()
    expect(once).toThrow(/make the limiter once/)
  })
})

describe('an algorithm that is made for each request', () => {
  it('leaves nothing behind', () => {
    const http = gate({
      store: frozen(),
      key,
      algorithm: () => fixedWindow({ limit: 2_000_000, window: '1m' }),
    })
    void ask(http)?.over?.(SENT)
    const before = heapUsed()
    for (let times = 0; times < 100_000; times++) void ask(http)?.over?.(SENT)
    expect(heapUsed() - before).toBeLessThan(100_000 * 100)
    expect(http.handle({})).toMatchObject({ decision: { used: 100_002 } })
  })
})

/** The heap after a collection, in bytes. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
