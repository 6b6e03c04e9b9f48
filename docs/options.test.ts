/** docs/options.md says what the code does: every option is in its table, and every default and range is tried. */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { laws } from '../packages/core/src/conformance.ts'
import {
  createHttpLimiter,
  type Framework,
  type Outcome,
  type ResponseHeaders,
} from '../packages/core/src/http/index.ts'
import * as core from '../packages/core/src/index.ts'
import * as keys from '../packages/core/src/keys.ts'
import { denyCache } from '../packages/core/src/stores/deny-cache.ts'
import { failurePolicy } from '../packages/core/src/stores/failure-policy.ts'
import { lease } from '../packages/core/src/stores/lease.ts'
import { type MemcachedPort, memcachedStore } from '../packages/core/src/stores/memcached/index.ts'
import { type RedisPort, redisStore } from '../packages/core/src/stores/redis/index.ts'
import * as express from '../packages/express/src/index.ts'
import * as hono from '../packages/hono/src/index.ts'
import * as koa from '../packages/koa/src/index.ts'
import { codeIn, root, rowsOf } from './testing/markdown.ts'

type Options = Record<string, unknown>
/** Calls a function so that what it returns shows what its options do. */
type Call = (options: any) => unknown

const NOW = 1_790_000_000_400
const window = 60_000

const frozen = (): core.Store<'sync'> => core.memoryStore({ clock: () => NOW })

/** A request from an IPv6 address, whose response is a redirect that caches may keep. */
const framework: Framework<[]> = {
  method: () => 'GET',
  header: () => undefined,
  address: () => '2001:db8:1:2ff::7',
  peer: () => '2001:db8:1:2ff::7',
  route: () => '/',
}

/** What a middleware makes of two requests. */
function served(options: any): unknown {
  const http = createHttpLimiter<[]>(
    'limiter' in options ? options : { store: frozen(), ...options },
    framework,
  )
  const once = (): unknown => {
    const outcome = http.handle() as Outcome | undefined
    const headers = new Map([['Cache-Control', 'public']])
    const response: ResponseHeaders = {
      get: (name) => headers.get(name),
      set: (name, value) => void headers.set(name, value),
      remove: (name) => void headers.delete(name),
    }
    outcome?.writeHeaders(response, 302)
    void outcome?.over?.({ status: 302, bytes: 100, aborted: false })
    return [outcome?.decision, outcome?.refusal, [...headers]]
  }
  return [http.property, http.needsResponse, once(), once()]
}

/** A limiter's policies, as it tells them. */
const shown = (limiter: core.Limiter): unknown =>
  limiter.policies.map(({ name, mode, limit, windowMs, kind, warnAt }) => [
    name,
    mode,
    limit,
    windowMs,
    kind,
    warnAt,
  ])

function limited(options: any): unknown {
  const limiter = core.createLimiter({ store: frozen(), ...options })
  return [shown(limiter), limiter.take('key'), limiter.take('key')]
}

/** A limiter beside another one, which has a policy of the same name on the same store. */
function beside(options: Options): unknown {
  const store = frozen()
  core.createLimiter({ store, limit: 1, window })
  return failure(() => core.createLimiter({ store, limit: 1, window, ...options }))?.message
}

const counted =
  (make: (options: any) => core.Algorithm): Call =>
  (options) => {
    const { kind, limit, windowMs, args } = make(options)
    return [kind, limit, windowMs, args(NOW)]
  }

const taken =
  (method: 'take' | 'peek'): Call =>
  (options) =>
    core.createLimiter({ store: frozen(), limit: 9, window })[method]('key', options)

const keyOf = (key: ReturnType<typeof keys.byIp>, address?: string): unknown =>
  key.keyOf({ method: () => '', header: () => 'x', route: () => '', address: () => address }, [])

/** A client that nobody asks. */
const client = Object.fromEntries(
  ['evalsha', 'eval', 'gets', 'cas', 'add', 'incr', 'delete'].map((name) => [
    name,
    () => Promise.reject(name),
  ]),
) as unknown as RedisPort & MemcachedPort

/** A limiter of rate-limiter-flexible that nobody asks. */
const flexible = {
  ...Object.fromEntries(
    ['consume', 'penalty', 'reward', 'get', 'delete'].map((name) => [name, () => Promise.reject(name)]),
  ),
  points: 1,
  duration: 60,
} as unknown as core.FlexibleLimiter

const limit = { limit: 1, window }
const bucket = { capacity: 5, per: 1000 }

/** A store that can fail, and does not. */
const failing = (): core.Store<'sync'> => ({
  ...frozen(),
  guarded(onStoreError) {
    failurePolicy(frozen(), onStoreError)
    return frozen()
  },
})

/** The functions of the table. */
const calls: Record<string, Call> = {
  createLimiter: limited,
  update(options) {
    const limiter = core.createLimiter({ store: frozen(), limit: 1, window })
    limiter.update(options)
    return shown(limiter)
  },
  'createLimiter.policies[]': (policy) => limited({ policies: [policy] }),
  on: (on) => limited({ limit: 1, window, on }),
  take: taken('take'),
  peek: taken('peek'),
  acquire: (options) =>
    core
      .createLimiter({ store: frozen(), algorithm: core.concurrency({ limit: 9, ttl: 1000 }) })
      .acquire('key', options).decision,
  reserve(options) {
    const limiter = core.createLimiter({
      store: frozen(),
      algorithm: core.tokenBucket({ ...bucket, refill: 5 }),
    })
    limiter.reserve('key', options).settle(100)
    return limiter.peek('key').retryAfterMs
  },
  settle(options) {
    const limiter = core.createLimiter({
      store: frozen(),
      algorithm: core.tokenBucket({ ...bucket, refill: 5 }),
    })
    limiter.settle(limiter.take('key'), 100, options)
    return limiter.peek('key').retryAfterMs
  },
  // Turns show as debt; who sleeps is refused when the limiter is closed.
  wait(options) {
    const limiter = core.createLimiter({
      store: frozen(),
      algorithm: core.tokenBucket({ ...bucket, refill: 5 }),
    })
    for (let waiters = 0; waiters < 9; waiters++) void limiter.wait('key', options)
    const { retryAfterMs } = limiter.peek('key')
    void limiter.close()
    return retryAfterMs
  },
  refund(options) {
    const limiter = core.createLimiter({ store: frozen(), limit: 9, window })
    limiter.refund(limiter.take('key', { cost: 4 }), options)
    return limiter.peek('key').remaining
  },
  grant(options) {
    const limiter = core.createLimiter({ store: frozen(), algorithm: core.prepaid() })
    return limiter.grant('key', 5, options)
  },
  'decide[]': (charge) => core.createLimiter({ store: frozen(), limit: 9, window }).decide([charge]),
  fixedWindow: counted(core.fixedWindow),
  slidingWindow: counted(core.slidingWindow),
  slidingLog: counted(core.slidingLog),
  tokenBucket: counted(core.tokenBucket),
  leakyBucket: counted(core.leakyBucket),
  gcra: counted(core.gcra),
  calendarWindow: counted(core.calendarWindow),
  concurrency: counted(core.concurrency),
  memoryStore: (options) =>
    core.createLimiter({ store: core.memoryStore(options), limit: 1, window }).take('key').allowed,
  redisStore: (options) => redisStore(client, options),
  memcachedStore: (options) => memcachedStore(client, options),
  fromRateLimiterFlexible: (options) => shown(core.fromRateLimiterFlexible(flexible, options)),
  penalty({ units }) {
    core
      .fromRateLimiterFlexible(flexible)
      .penalty('key', units)
      .catch(() => undefined)
  },
  denyCache: (options) => denyCache(frozen(), options),
  lease: (options) => lease(frozen(), options),
  onStoreError: (options) => failurePolicy(memcachedStore(client), options),
  'onStoreError.local': (local) => failurePolicy(memcachedStore(client), { local }),
  rateLimit: served,
  'rateLimit.policies[]': (policy) => served({ policies: [policy] }),
  // As with `wait`: turns show as debt.
  delay(delay) {
    const limiter = core.createLimiter({
      store: frozen(),
      algorithm: core.tokenBucket({ ...bucket, refill: 5 }),
    })
    const http = createHttpLimiter<[]>({ limiter, key: () => 'key', delay }, framework)
    for (let requests = 0; requests < 9; requests++) void http.handle()
    const { retryAfterMs } = limiter.peek('key')
    void limiter.close()
    return retryAfterMs
  },
  partitionKey: (partitionKey) => served({ limit: 1, window, partitionKey }),
  byIp: (options) => [
    keyOf(keys.byIp(options), '2001:db8:1:2ff::7'),
    failure(() => keyOf(keys.byIp(options)))?.message,
    options.connInfo === undefined || options.connInfo(),
  ],
  byHeader: ({ name }) => keyOf(keys.byHeader(name)),
  byUser: ({ user }) => keyOf(keys.byUser(user)),
  byTenant: ({ tenant }) => keyOf(keys.byTenant(tenant)),
  byRegion: ({ source }) => keyOf(keys.byRegion(source)),
  combine: (options) => keyOf(keys.combine(options.keys)),
  firstOf: (options) => keyOf(keys.firstOf(options.keys)),
  clientList(options) {
    const list = keys.clientList(options)
    return [[...list.addresses], [...list.keys]]
  },
  // Each answer is the number of its look-up.
  cachedBy(options) {
    let [now, lookUps] = [0, 0]
    const cached = core.cachedBy(
      () => 'key',
      () => ++lookUps,
      { clock: () => now, ...options },
    )
    return [0, 59_999, 60_000].map((ms) => {
      now = ms
      return cached()
    })
  },
  ipKey: ({ address, ipv6Prefix }) => keys.ipKey(address, ipv6Prefix),
}

const algorithm = core.fixedWindow({ limit: 1, window })

/** What a function needs beside the option that is tried; `function.option` where that differs. */
const needs: Record<string, Options> = {
  createLimiter: limit,
  'createLimiter.algorithm': {},
  'createLimiter.policies': {},
  'createLimiter.onStoreError': { ...limit, store: failing(), shared: true },
  update: limit,
  'update.algorithm': {},
  'update.policies': {},
  'createLimiter.policies[]': limit,
  'createLimiter.policies[].algorithm': {},
  'decide[]': { policy: 'default', key: 'key' },
  fixedWindow: limit,
  slidingWindow: limit,
  slidingLog: limit,
  tokenBucket: { ...bucket, refill: 1 },
  leakyBucket: { ...bucket, leak: 1 },
  gcra: { limit: 5, window: 1000 },
  calendarWindow: { limit: 1, every: 'week' },
  'calendarWindow.every': { limit: 1 },
  'calendarWindow.limit': { every: 'week', rollover: 1 },
  'calendarWindow.startDay': { limit: 1, every: 'month' },
  'calendarWindow.startMonth': { limit: 1, every: 'year' },
  'calendarWindow.rollover': { limit: 10, every: 'week' },
  concurrency: { limit: 1, ttl: 1000 },
  lease: { size: 100 },
  rateLimit: limit,
  'rateLimit.algorithm': {},
  'rateLimit.policies': {},
  'rateLimit.onStoreError': { ...limit, store: failing(), shared: true },
  'rateLimit.limiter': {},
  'rateLimit.maxDebt': { ...limit, settle: 'bytes' },
  'rateLimit.policies[].maxDebt': { ...limit, settle: 'bytes' },
  'rateLimit.policies[]': limit,
  'rateLimit.policies[].algorithm': {},
  ipKey: { address: '2001:db8:1:2ff::7' },
}

/** Values that are wrong in other ways than by their type. */
const alsoWrong: Record<string, unknown[]> = {
  'createLimiter.policies': [[]],
  'update.policies': [[]],
  'rateLimit.policies': [[]],
  'decide[].policy': ['other'],
  'tokenBucket.capacity': [2 ** 52],
  'leakyBucket.capacity': [2 ** 52],
  'gcra.burst': [2 ** 52],
  'gcra.limit': [2 ** 52],
  'calendarWindow.limit': [2 ** 52],
  'calendarWindow.timeZone': ['Mars/Olympus'],
  'calendarWindow.rollover': [-0.1, 1.5, Number.NaN, '0.5'],
  'memoryStore.clock': [() => Number.NaN, () => -1],
  'redisStore.prefix': ['{app}'],
  'memcachedStore.prefix': ['a'.repeat(172)],
  'onStoreError.local.share': [0, -1, 1.5, Number.NaN],
  'grant.id': ['', 'x'.repeat(257)],
  'partitionKey.secret': ['too short'],
  'rateLimit.unit': ['é', ''],
  'rateLimit.refundWhen': ['bytes', true, 500],
  'rateLimit.settle': ['failed', true, 5],
  'rateLimit.policies[].unit': ['é', ''],
  'createLimiter.warnAt': [0, 1.5, Number.NaN, [0.5, 2]],
  'update.warnAt': [0, 1.5, Number.NaN, [0.5, 2]],
  'createLimiter.policies[].warnAt': [0, '0.8'],
  'rateLimit.warnAt': [0, 1.5, Number.NaN, [0.5, 2]],
  'rateLimit.policies[].warnAt': [0, '0.8'],
  'rateLimit.delay': [true, null, '5s'],
  'rateLimit.skip': [['10.0.0.0/33'], '10.0.0.0/8'],
  'rateLimit.deny': [['example.org'], '10.0.0.0/8'],
  'rateLimit.trustProxy': [0, 101, true, 'uniquelocal', ['10.0.0.0/33']],
  'rateLimit.headers': [true, ['legacy', 'legacy'], ['draft-11', 'draft-7'], ['legacy', 'legacy-delta']],
  'rateLimit.property': [''],
  'byRegion.source': ['', 'cf ipcountry'],
  'clientList.addresses': [['10.0.0.0/33'], ['example.org']],
  'clientList.keys': [[5], [''], ['x'.repeat(257)]],
  'ipKey.address': ['1.2.3', '01.2.3.4', ''],
}

/** Values that are not the default, to see that the default would be noticed if it were another. */
const others: Record<string, unknown> = {
  mode: 'shadow',
  cost: 2,
  align: 'clock',
  strict: true,
  timeZone: 'Asia/Tokyo',
  weekStart: 'thursday',
  startDay: 31,
  startMonth: 7,
  rollover: 0.5,
  name: 'other',
  key: () => 'key',
  when: () => false,
  unit: 'things',
  maxWait: 1,
  maxQueue: 1,
  maxWaiting: 1,
  warnAt: 0.5,
  retryAfterSpread: '1h',
  skip: () => true,
  deny: () => true,
  headers: 'draft-7',
  status: 503,
  property: 'decision',
  expose: true,
  skipWhenCacheable: true,
  skipOnRedirect: true,
  enabled: false,
  ipv6Prefix: 64,
  unknown: 'one-bucket',
  addresses: ['203.0.113.7'],
  keys: ['user:42'],
  ttl: '2m',
}

/** Options whose type is seen only when they are used. */
const untyped = new Set(['unit'])

/** Functions whose options nothing checks, and options whose type is asked only where they are used. */
const unchecked = new Set(['headerKey', 'laws[].run', 'decide[].algorithm'])

const byText = (a = '', b = ''): number => (a < b ? -1 : 1)

function failure(run: () => unknown): Error | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error as Error
  }
}

interface Row {
  readonly owner: string
  readonly option: string
  readonly byDefault: string
  readonly ranges: readonly string[]
}

const table: Row[] = rowsOf('docs/options.md').flatMap(
  ([owners = '', names = '', , byDefault = '', , range = '']) =>
    codeIn(owners).flatMap((owner) =>
      codeIn(names).map((option) => ({ owner, option, byDefault, ranges: codeIn(range) })),
    ),
)
const checked = table.filter(
  ({ owner, option }) => !unchecked.has(owner) && !unchecked.has(`${owner}.${option}`),
)

const optionsOf = (owner: string): string[] =>
  table
    .filter((row) => row.owner === owner)
    .map(({ option }) => option)
    .toSorted()

describe('the table has every option, and no other', () => {
  const middleware = { 'rateLimit of express': express, 'rateLimit of koa': koa, 'rateLimit of hono': hono }
  const callers = {
    ...calls,
    ...Object.fromEntries(
      Object.entries(middleware).map(([name, { rateLimit }]) => [name, rateLimit as Call]),
    ),
  }
  // What a function says of an option that it does not know.
  const known = Object.entries(callers).flatMap(([owner, call]) => {
    const said = failure(() => call({ 'no such option': 1 }))?.message ?? ''
    const [, list] = said.split("has no option 'no such option': ")
    return list === undefined ? [] : [{ owner, options: list.split(', ').toSorted() }]
  })
  it('is asked of as many functions as have options', () => {
    expect(known.length).toBeGreaterThan(18)
  })
  it.each(known)('$owner', ({ owner, options }) => {
    expect(optionsOf(owner.split(' of ')[0] ?? '')).toEqual(options)
  })

  it('and there is no other function with options', () => {
    const files = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' })
    const sources = files.filter((file) => /^[^/]+\/src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    const found = sources.flatMap((file) => {
      const source = readFileSync(join(root, 'packages', file), 'utf8')
      return Array.from(source.matchAll(/(?<!function )knownOptions\(\s*([^,]+),/g), ([, owner]) => owner)
    })
    // Those of the list above, as the code names them; `owner` is createLimiter and update, `a call` is take, peek, acquire, reserve and wait.
    const expected = [
      'byIp',
      'cachedBy',
      'calendarWindow',
      'clientList',
      'concurrency',
      'fixedWindow',
      'gcra',
      'leakyBucket',
      'memoryStore',
    ]
      .concat('a call', 'on', 'rateLimit', 'slidingLog', 'slidingWindow', 'tokenBucket')
      .concat('fromRateLimiterFlexible', 'grant', 'settle', 'delay', 'wait')
      .concat('redisStore', 'memcachedStore', 'denyCache', 'lease', 'onStoreError', 'onStoreError.local')
      .map((name) => `'${name}'`)
      .concat('`${at}partitionKey`', 'owner')
    expect([...new Set(found)].toSorted(byText)).toEqual(expected.toSorted(byText))
  })
})

it.each(['express', 'koa', 'hono'])('packages/%s/README.md has every option too', (name) => {
  const named = rowsOf(`packages/${name}/README.md`).flatMap(([first = '']) => codeIn(first))
  const options = named.filter((code) => /^\w+$/.test(code))
  expect(options.toSorted()).toEqual(optionsOf('rateLimit').filter((option) => option !== 'policies'))
})

describe('what is out of range throws what the table says', () => {
  it.each(checked)('$owner: $option', ({ owner, option, ranges }) => {
    const name = `${owner}.${option}`
    const call = (value: unknown): unknown =>
      calls[owner]?.({ ...(needs[name] ?? needs[owner]), [option]: value })
    const seen = new Set<string>()
    const wrongType = untyped.has(option) ? [] : [5n]
    for (const value of [...wrongType, ...(alsoWrong[name] ?? []), ...ranges.flatMap(outside)]) {
      const error = failure(() => call(value))
      const stated = ranges.filter((range) => error?.message.includes(range))
      expect([value, stated.length > 0 ? 'as stated' : error?.message]).toEqual([value, 'as stated'])
      const isOutside =
        typeof value === 'number' && stated.some((range) => /number from|duration|below/.test(range))
      expect(error).toBeInstanceOf(isOutside ? RangeError : Error)
      for (const range of stated) seen.add(range)
    }
    expect([...seen].toSorted(), 'ranges that no wrong value led to').toEqual(ranges.toSorted())
    for (const value of inside(ranges[0])) {
      const message = failure(() => call(value))?.message
      // At its own largest a bucket is too large for its other options.
      if (ranges.slice(1).some((range) => message?.includes(range))) continue
      expect([value, message]).toEqual([value, undefined])
    }
  })

  const isDuration = (range: string): boolean => /^from [01] ms/.test(range)

  function outside(range: string): unknown[] {
    if (isDuration(range))
      return [
        range.startsWith('from 0') ? -5 : 0,
        -1,
        1.5,
        Number.NaN,
        Infinity,
        3661 * 86_400_000,
        '0.5ms',
        '3661d',
        '1 minute',
        'soon',
      ]
    const [, min, max] = /^a whole number from (\d+) to (\d+)$/.exec(range) ?? []
    if (min !== undefined)
      return [Number(min) - 1, Number(max) + 1, Number(min) + 0.5, Number.NaN, Infinity, min]
    if (range.startsWith('one of ')) return ['nonsense', 'true', 0]
    return []
  }

  const words = (range: string): unknown[] =>
    Array.from(range.matchAll(/'([^']*)'|true|false/g), ([word, text]) => text ?? word === 'true')

  function inside(range = ''): unknown[] {
    if (isDuration(range)) return [1, '1ms', '250ms', '10s', '10m', '2h', '3660d', 3660 * 86_400_000]
    const [, min, max] = /^a whole number from (\d+) to (\d+)$/.exec(range) ?? []
    if (min !== undefined) return [Number(min), Number(max)]
    if (range.startsWith('one of ')) return words(range)
    return []
  }
})

describe('what is left out has the default that the table says', () => {
  const defaults = checked.flatMap((row) => {
    const [code] = codeIn(row.byDefault)
    return code === undefined || /^(required|as) /.test(row.byDefault) ? [] : [{ ...row, code }]
  })
  const values: Record<string, unknown> = {
    '() => true': () => true,
    '[]': [],
    'byIp()': keys.byIp(),
    "['draft-11', 'legacy']": ['draft-11', 'legacy'],
    true: true,
    false: false,
  }
  const valueOf = (code: string): unknown =>
    values[code] ?? (code.startsWith("'") ? code.slice(1, -1) : Number(code))

  /**
   * Stores, clocks and sharing do not show in what a limiter answers: they have tests of their own, those of Redis,
   * Memcached, deny caches and leases in packages/core/src/stores/defaults.test.ts, those of bridges beside the code.
   */
  const apart = new Set(['store', 'shared', 'on', 'maxKeys', 'maxStale', 'maxHold'])
  for (const option of ['prefix', 'timeout', 'denyCache', 'lease', 'onStoreError', 'units']) apart.add(option)

  it.each(defaults.filter(({ option }) => !apart.has(option)))(
    '$owner: $option',
    ({ owner, option, code }) => {
      const base = needs[`${owner}.${option}`] ?? needs[owner] ?? {}
      const value = valueOf(code)
      const leftOut = calls[owner]?.(base)
      expect(calls[owner]?.({ ...base, [option]: value })).toEqual(leftOut)
      expect(calls[owner]?.({ ...base, [option]: others[option] })).not.toEqual(leftOut)
    },
  )

  it.each(table.filter(({ byDefault, owner }) => byDefault.startsWith('required') && owner in calls))(
    '$owner: $option is required',
    ({ owner, option }) => {
      const all = { ...(needs[`${owner}.${option}`] ?? needs[owner]) }
      delete all[option]
      expect(failure(() => calls[owner]?.(all))).toBeInstanceOf(TypeError)
    },
  )

  it('store: memory of its own', () => {
    const limiters = [core.createLimiter(limit), core.createLimiter(limit)]
    expect(limiters.map(({ store }) => store.mode)).toEqual(['sync', 'sync'])
    expect(limiters.map((limiter) => limiter.take('key').allowed)).toEqual([true, true])
    const middleware = [express.rateLimit(limit), express.rateLimit(limit)]
    expect(new Set(middleware.map(({ limiter }) => limiter.store)).size).toBe(2)
  })

  it('shared', () => {
    expect(beside({})).toMatch('{ shared: true }')
    expect(beside({ shared: false })).toEqual(beside({}))
    expect(beside({ shared: true })).toBeUndefined()
  })

  it('clock: epoch time', () => {
    expect(Math.abs(core.createLimiter(limit).take('key').at - Date.now())).toBeLessThan(10_000)
  })

  it('maxKeys', () => {
    let evicted = 0
    const store = core.memoryStore({ clock: () => NOW, onEvicted: () => evicted++ })
    const limiter = core.createLimiter({ store, algorithm })
    for (let key = 0; key < 1_000_000; key++) limiter.take(`${key}`)
    expect(evicted).toBe(0)
    limiter.take('one more')
    expect(evicted).toBe(1)
  })

  it('cost of a refund: all of it', () => {
    const limiter = core.createLimiter({ limit: 9, window })
    limiter.refund(limiter.take('key', { cost: 4 }))
    expect(limiter.peek('key', { cost: 9 }).allowed).toBe(true)
  })

  it('maxDebt: as the limit', () => {
    expect(calls['settle']?.({})).toEqual(calls['settle']?.({ maxDebt: 5 }))
    expect(calls['settle']?.({})).not.toEqual(calls['settle']?.({ maxDebt: 6 }))
    const settle = { limit: 4, window, settle: 'bytes' }
    expect(calls['rateLimit']?.(settle)).toEqual(calls['rateLimit']?.({ ...settle, maxDebt: 4 }))
    expect(calls['rateLimit']?.(settle)).not.toEqual(calls['rateLimit']?.({ ...settle, maxDebt: 5 }))
  })

  it('refundWhen and settle: none', () => {
    const two = { limit: 2, window }
    for (const option of [{ refundWhen: 'successful' }, { settle: 'bytes' }])
      expect(calls['rateLimit']?.({ ...two, ...option })).not.toEqual(calls['rateLimit']?.(two))
    const none = { refundWhen: () => false, settle: () => undefined }
    expect(calls['rateLimit']?.({ ...two, ...none })).toEqual(calls['rateLimit']?.(two))
  })

  it('burst: as limit', () => {
    expect(calls['gcra']?.({ limit: 5, window })).toEqual(calls['gcra']?.({ limit: 5, window, burst: 5 }))
  })

  it('unit of concurrency', () => {
    const slots = { algorithm: core.concurrency({ limit: 1, ttl: 1000 }) }
    expect(calls['rateLimit']?.(slots)).toEqual(
      calls['rateLimit']?.({ ...slots, unit: 'concurrent-requests' }),
    )
  })

  it('histories and seed of laws', async () => {
    const law = laws[0]
    let opened = 0
    const store = (clock: () => number): core.Store => {
      opened++
      return core.memoryStore({ clock })
    }
    await law?.run(store)
    expect(opened).toBe(100)
    const broken = (seed?: number): Promise<void> | undefined =>
      law?.run(
        (clock) => ({ ...store(clock), take: () => Promise.reject(new Error('down')) }),
        seed ? { seed } : {},
      )
    await expect(broken()).rejects.toThrow('of seed 1')
    await expect(broken(2)).rejects.toThrow('of seed 2')
  })
})
