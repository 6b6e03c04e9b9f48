import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type MemcachedServer, startMemcached } from '../../../../../scripts/servers/memcached.ts'
import { freePort } from '../../../../../scripts/servers/ports.ts'
import { memcachedStats } from '../../../../../scripts/servers/stats.ts'
import { until } from '../../../../../scripts/servers/until.ts'
import { call, type Called } from '../../conformance/calls.ts'
import { createLimiter, fixedWindow, slidingLog, slidingWindow } from '../../index.ts'
import { newClient } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import type { Store } from '../../store.ts'
import { type MemcachedPort, type MemcachedStoreOptions, memcachedStore } from './index.ts'

const hourly = (limit: number): ReturnType<typeof slidingLog> => slidingLog({ limit, window: '1h' })

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

async function server(args: string[] = [], port?: number): Promise<MemcachedServer> {
  const started = await startMemcached({ args, ...(port && { port }) })
  endings.push(() => started.stop())
  return started
}

function storeOn(
  addresses: string | string[],
  options: object = {},
  more: MemcachedStoreOptions = {},
): Store<'async'> {
  const client = newClient(addresses, options)
  endings.push(() => client.end())
  return memcachedStore(client, { prefix: newPrefix(), ...more })
}

/** The code of what a call fails with; `undefined` if it does not. */
const codeOf = (called: Promise<unknown>): Promise<unknown> =>
  called.then(
    () => undefined,
    (error: { name: string; code?: string }) => (error.name === 'StoreError' ? error.code : error),
  )

const remaining = ({ charges }: Called): number | undefined => charges[0]?.remaining

describe('a server that hangs', () => {
  it('holds nobody for longer than the timeout, and what waited is not charged later', async () => {
    const hanging = await server()
    const store = storeOn(hanging.address, {}, { timeout: '200ms' })
    const slot = store.open('policy', hourly(100))
    await call(store, { slot })
    await hanging.kill('SIGSTOP')
    const begin = performance.now()
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(call(store, { slot }))))
    expect(performance.now() - begin).toBeLessThan(700)
    expect(new Set(codes)).toEqual(new Set(['timeout']))
    await hanging.kill('SIGCONT')
    await until('it answers', async () => (await codeOf(call(store, { slot, cost: 0 }))) === undefined)
    expect(remaining(await call(store, { slot, cost: 0 }))).toBe(99)
  })

  it('holds nobody who wants another server', async () => {
    const [hanging, living] = [await server(), await server()]
    const store = storeOn([hanging.address, living.address], {}, { timeout: '1s' })
    const slot = store.open('policy', hourly(100))
    const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => call(store, { slot, key })))
    await hanging.kill('SIGSTOP')
    const begin = performance.now()
    const ends = await Promise.all(
      keys.map(async (key) => [await codeOf(call(store, { slot, key })), performance.now() - begin] as const),
    )
    const alive = ends.filter(([code]) => code === undefined)
    expect(alive.length).toBeGreaterThan(5)
    expect(alive.length).toBeLessThan(35)
    for (const [, ms] of alive) expect(ms).toBeLessThan(900)
    await hanging.kill('SIGCONT')
  })
})

describe('a server that dies', () => {
  it('is told, and when it is back counts begin anew', async () => {
    const dying = await server()
    const store = storeOn(dying.address, {}, { timeout: '300ms' })
    const slot = store.open('policy', hourly(10))
    await call(store, { slot, cost: 7 })
    await dying.kill()
    for (let turn = 0; turn < 10; turn++) {
      const begin = performance.now()
      expect(['failed', 'not-ready', 'timeout']).toContain(await codeOf(call(store, { slot })))
      expect(performance.now() - begin).toBeLessThan(600)
    }
    await expect(store.probe?.()).rejects.toHaveProperty('name', 'StoreError')
    await dying.restart()
    const begin = performance.now()
    await until('it is back', async () => (await codeOf(store.probe?.() as Promise<void>)) === undefined)
    expect(performance.now() - begin).toBeLessThan(1000)
    expect(remaining(await call(store, { slot }))).toBe(9)
  })

  it('while its windows are counters loses counts and nothing else', async () => {
    const dying = await server()
    const store = storeOn(dying.address, {}, { timeout: '300ms' })
    const slot = store.open('policy', fixedWindow({ limit: 10, window: '1h' }))
    for (let turn = 0; turn < 8; turn++) await call(store, { slot })
    await dying.restart()
    await until('it is back', async () => (await codeOf(call(store, { slot, cost: 0 }))) === undefined)
    const left = []
    for (let turn = 0; turn < 12; turn++) left.push(remaining(await call(store, { slot })))
    expect(left).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0])
  })

  it('may not be there yet', async () => {
    const port = await freePort()
    const store = storeOn(`127.0.0.1:${port}`, {}, { timeout: '300ms' })
    const slot = store.open('policy', hourly(10))
    expect(await codeOf(call(store, { slot }))).toMatch(/failed|not-ready|timeout/)
    await server([], port)
    await until('it is there', async () => (await codeOf(call(store, { slot, cost: 0 }))) === undefined)
    expect(remaining(await call(store, { slot }))).toBeGreaterThanOrEqual(8)
  })

  it('beside another one: that one goes on, and a call that needs both is charged nothing', async () => {
    const [dying, living] = [await server(), await server()]
    const store = storeOn([dying.address, living.address], {}, { timeout: '500ms' })
    const [one, other] = [store.open('one', hourly(100)), store.open('other', hourly(100))]
    const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => call(store, { slot: one, key })))
    await dying.kill()
    const answers = async (): Promise<boolean[]> =>
      Promise.all(
        keys.map(async (key) => (await codeOf(call(store, { slot: one, key, cost: 0 }))) === undefined),
      )
    await answers()
    const live = (await answers()).flatMap((isThere, index) => (isThere ? [keys[index] as string] : []))
    expect(live.length).toBeGreaterThan(5)
    expect(live.length).toBeLessThan(35)
    // As long as a key cannot be read the store is not back, wherever a probe writes.
    for (let turn = 0; turn < 10; turn++)
      expect(await codeOf(store.probe?.() as Promise<void>)).toMatch(/failed|not-ready|timeout/)
    for (const key of live) {
      const code = await codeOf(call(store, { slot: one, key, cost: 9 }, { slot: other, key, cost: 9 }))
      expect(remaining(await call(store, { slot: one, key, cost: 0 }))).toBe(code === undefined ? 90 : 99)
    }
  })

  it('and is removed by the client: the other one takes over its keys', async () => {
    const [dying, living] = [await server(), await server()]
    const store = storeOn([dying.address, living.address], {
      remove: true,
      failures: 1,
      retry: 10,
      timeout: 100,
    })
    const slot = store.open('policy', fixedWindow({ limit: 10, window: '1h' }))
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
    for (const key of keys) for (let turn = 0; turn < 6; turn++) await call(store, { slot, key })
    await dying.kill()
    await until('all are answered', async () => {
      const codes = await Promise.all(keys.map((key) => codeOf(call(store, { slot, key, cost: 0 }))))
      return codes.every((code) => code === undefined)
    })
    for (const key of keys) {
      let allowed = 0
      for (let turn = 0; turn < 12; turn++) if ((await call(store, { slot, key })).ruling.allowed) allowed++
      expect([4, 10]).toContain(allowed)
    }
  })
})

describe('a server with little memory', () => {
  it('that evicts loses counts and nothing else', async () => {
    const small = await server(['-m', '2'])
    const store = storeOn(small.address, {}, { timeout: '5s' })
    const slots = [
      store.open('log', hourly(100)),
      store.open('window', fixedWindow({ limit: 100, window: '31d' })),
      store.open('counter', fixedWindow({ limit: 100, window: '365d' })),
    ]
    const left: (number | undefined)[] = []
    for (let index = 0; index < 5 * 8000; index += 250) {
      const called = Array.from({ length: 250 }, (_, at) => {
        const key = (index + at) % 8000
        return call(store, { slot: slots[key % 3]!, key: `key ${key} ${'x'.repeat(100)}` })
      })
      left.push(...(await Promise.all(called)).map(remaining))
    }
    const { evictions = 0 } = await memcachedStats(small.address)
    expect(evictions).toBeGreaterThan(0)
    // Each key was charged five times: it may have been forgotten at any of them.
    expect(left.every((count) => count !== undefined && count >= 95 && count <= 99)).toBe(true)
  })

  it('that refuses to store is told as a failure', async () => {
    const full = await server(['-m', '2', '-M'])
    const store = storeOn(full.address, {}, { timeout: '1s' })
    const slot = store.open('log', hourly(100))
    const codes = new Set<unknown>()
    for (let index = 0; index < 40_000 && codes.size < 2; index += 100) {
      const called = Array.from({ length: 100 }, (_, at) =>
        codeOf(call(store, { slot, key: `key ${index + at} ${'x'.repeat(100)}` })),
      )
      for (const code of await Promise.all(called)) codes.add(code)
    }
    codes.delete(undefined)
    expect(codes.size).toBeGreaterThan(0)
    for (const code of codes) expect(['failed', 'not-ready']).toContain(code)
  })
})

describe('real time', () => {
  it('ends windows to the millisecond, however long items live', async () => {
    const store = storeOn((await server()).address, {}, { timeout: '5s' })
    const ends = async (windowMs: number): Promise<void> => {
      const slot = store.open(`${windowMs}`, fixedWindow({ limit: 1, window: windowMs }))
      const first = await call(store, { slot })
      expect(first.ruling.allowed).toBe(true)
      const endsAt = first.ruling.at + windowMs
      while (Date.now() < endsAt + 2) {
        const { ruling } = await call(store, { slot, cost: 1, kind: 'ask' })
        expect(ruling.allowed).toBe(ruling.at >= endsAt)
        await sleep(windowMs / 40)
      }
      expect((await call(store, { slot })).ruling.allowed).toBe(true)
    }
    await Promise.all([ends(100), ends(500), ends(1000), ends(1500)])
  })

  it('enforces windows of 30 days, of more, and of ten years', async () => {
    const store = storeOn((await server()).address, {}, { timeout: '5s' })
    for (const window of [
      2_592_000_000 - 1000,
      2_592_000_000,
      2_592_001_000,
      31 * 86_400_000,
      3660 * 86_400_000,
    ])
      for (const algorithm of [
        fixedWindow({ limit: 1, window }),
        slidingWindow({ limit: 1, window }),
        slidingLog({ limit: 1, window }),
      ]) {
        const slot = store.open(`${window}`, algorithm)
        const allowed = [
          await call(store, { slot }),
          await call(store, { slot }),
          await call(store, { slot }),
        ]
        expect(allowed.map(({ ruling }) => ruling.allowed)).toEqual([true, false, false])
      }
  })
})

describe('others who always change the key first', () => {
  const beaten = (cas: () => Promise<boolean>): MemcachedPort => ({
    gets: async () => ({ value: '1,1,1', cas: 1 }),
    cas,
    add: async () => false,
    incr: async () => undefined,
    delete: async () => true,
  })

  it('make a call fail as contended, which is no outage', async () => {
    const store = memcachedStore(
      beaten(async () => false),
      { timeout: '60ms' },
    )
    const slot = store.open('policy', fixedWindow({ limit: 10, window: '1h' }))
    expect(await codeOf(call(store, { slot }))).toBe('contended')
    expect(await codeOf(call(store, { slot }, { slot, key: 'other' }))).toBe('contended')
  })

  it('and a server that then hangs is one', async () => {
    let turns = 0
    const hangs = async (): Promise<boolean> => (turns++ < 2 ? false : new Promise(() => undefined))
    const store = memcachedStore(beaten(hangs), { timeout: '60ms' })
    expect(await codeOf(call(store, { slot: store.open('policy', hourly(10)) }))).toBe('timeout')
  })
})

describe('who waits no longer', () => {
  it('is charged nothing by the swap that comes next', async () => {
    let reads = 0
    const values = new Map<string, string>()
    const port: MemcachedPort = {
      async gets(key) {
        // The first never ends; the others take long enough for one who waited behind it to go.
        if (reads++ === 0) return new Promise(() => undefined)
        await sleep(120)
        const value = values.get(key)
        return value === undefined ? undefined : { value, cas: 1 }
      },
      cas: async () => true,
      add: async (key, value) => values.size < values.set(key, value).size,
      incr: async () => undefined,
      delete: async (key) => values.delete(key),
    }
    const store = memcachedStore(port, { timeout: '200ms' })
    const slot = store.open('policy', hourly(10))
    const first = codeOf(call(store, { slot }))
    await sleep(90)
    expect(await codeOf(call(store, { slot }))).toBe('timeout')
    expect(await first).toBe('timeout')
    await until('the swap is over', () => reads > 1)
    await sleep(150)
    expect(values.size).toBe(0)
    expect(remaining(await call(store, { slot }))).toBe(9)
  })
})

describe('a limiter', () => {
  it('counts in its process while the server is away', async () => {
    const dying = await server()
    const events: string[] = []
    const limiter = createLimiter({
      store: storeOn(dying.address, {}, { timeout: '300ms' }),
      limit: 10,
      window: '1h',
      on: { storeFailing: () => events.push('failing'), storeRecovered: () => events.push('recovered') },
    })
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, source: 'store' })
    await dying.kill()
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, source: 'fallback' })
    await dying.restart()
    await until('it is known to be back', () => events.length > 1)
    expect(await limiter.take('ada')).toMatchObject({ allowed: true, source: 'store' })
    expect(events).toEqual(['failing', 'recovered'])
    await limiter.close()
  })
})
