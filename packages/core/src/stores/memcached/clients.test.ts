import Memcached from 'memcached'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memcachedOfRun } from '../../../../../scripts/servers/of-run.ts'
import { chargeOf } from '../../charges.ts'
import { call } from '../../conformance/calls.ts'
import { fixedWindow, slidingLog } from '../../index.ts'
import { newClient } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import { thrown } from '../../testing/thrown.ts'
import { type MemcachedPort, memcachedStore } from './index.ts'
import { npmPort } from './npm-client.ts'

const ten = fixedWindow({ limit: 10, window: '1m' })

describe('what memcachedStore takes', () => {
  const client = newClient('127.0.0.1:1')

  it('is a client that can do what it needs', () => {
    const must =
      'TypeError: client must be one of the package `memcached`, or a MemcachedPort (gets, cas, add, incr, delete)'
    expect(thrown(() => memcachedStore(undefined as never))).toBe(`${must}, got undefined`)
    expect(thrown(() => memcachedStore('localhost:11211' as never))).toBe(`${must}, got 'localhost:11211'`)
    expect(thrown(() => memcachedStore({ get() {}, set() {} } as never))).toBe(`${must}, got an object`)
  })

  it('are options that it knows', () => {
    expect(thrown(() => memcachedStore(client, { tiemout: 5 } as never))).toBe(
      "TypeError: memcachedStore has no option 'tiemout': prefix, timeout, clock",
    )
    expect(thrown(() => memcachedStore(client, { timeout: 0 }))).toMatch(/^RangeError: timeout must be/)
    expect(thrown(() => memcachedStore(client, { timeout: 'soon' as never }))).toMatch(/^RangeError: timeout/)
    expect(thrown(() => memcachedStore(client, { clock: 5 as never }))).toMatch(/^TypeError: clock must be/)
    expect(thrown(() => memcachedStore(client, { prefix: 5 as never }))).toMatch(/^TypeError: prefix must be/)
  })

  it('are logs that fit an item', () => {
    const store = memcachedStore(client)
    expect(thrown(() => store.open('log', slidingLog({ limit: 20_001, window: '1m' })))).toBe(
      'RangeError: limit must be at most 20000 for a slidingLog in Memcached, got 20001',
    )
    expect(thrown(() => store.open('log', slidingLog({ limit: 20_000, window: '1m' })))).toBeUndefined()
  })

  it('is a clock that tells whole milliseconds', async () => {
    const store = memcachedStore(client, { clock: () => Number.NaN })
    await expect(call(store, { slot: store.open('p', ten) })).rejects.toThrow(RangeError)
  })
})

describe('a client of the package', () => {
  let address: string
  const clients: ReturnType<typeof newClient>[] = []
  beforeAll(async () => {
    ;({ address } = await memcachedOfRun())
  })
  afterAll(() => {
    for (const client of clients) client.end()
  })
  const clientWith = (options: object): ReturnType<typeof newClient> => {
    clients.push(newClient(address, options))
    return clients.at(-1) as ReturnType<typeof newClient>
  }

  it('may have a namespace, which counts for the length of keys', async () => {
    const store = memcachedStore(clientWith({ namespace: 'n'.repeat(100) }), {
      prefix: newPrefix(),
      timeout: '5s',
    })
    const slot = store.open('policy', ten)
    for (const key of ['a', 'x'.repeat(120), 'x'.repeat(121), 'x'.repeat(1000)]) {
      await call(store, { slot, key })
      expect((await call(store, { slot, key })).charges[0]?.remaining).toBe(8)
    }
  })

  it('with default options may get many calls before it is connected', async () => {
    const client = new Memcached(address)
    clients.push(client)
    const store = memcachedStore(client, { prefix: newPrefix(), timeout: '1s' })
    const slot = store.open('policy', ten)
    const calls = await Promise.all(
      Array.from({ length: 200 }, (_, key) => call(store, { slot, key: `${key}` })),
    )
    expect(calls.every(({ ruling }) => ruling.allowed)).toBe(true)
    // As it is when the client has closed connections that nobody used for a while.
    client.end()
    const again = await Promise.all(
      Array.from({ length: 200 }, (_, key) => call(store, { slot, key: `${key}` })),
    )
    expect(again.every(({ charges }) => charges[0]?.remaining === 8)).toBe(true)
  })

  it('is kept from putting what a key says into commands', async () => {
    const store = memcachedStore(clientWith({}), { prefix: newPrefix(), timeout: '5s' })
    const slot = store.open('$& $1', ten)
    const keys = ['$&', "$'", '$`', '$$', '$1', 'x\r\nflush_all\r\n']
    for (const key of keys) await call(store, { slot, key, cost: 3 })
    for (const key of keys) expect((await call(store, { slot, key })).charges[0]?.remaining).toBe(6)
  })

  it('tells what others stored there apart from states', async () => {
    const client = clientWith({})
    const prefix = newPrefix()
    const store = memcachedStore(client, { prefix, timeout: '5s' })
    const slot = store.open('policy', ten)
    const theirs = [
      5,
      '5',
      0,
      '',
      'hello',
      'a\r\nb',
      { a: 1 },
      [1, 2],
      true,
      Buffer.from('x'),
      '9'.repeat(30),
    ]
    theirs.push('281474976710657', '9007199254740991', '1,2', '-1,2,3', '1e3,1,1')
    for (const [index, value] of theirs.entries()) {
      const key = `k${index}`
      await new Promise((resolve) => client.set(`${prefix}:policy:fixedWindow:${key}`, value, 60, resolve))
      const answers = [await call(store, { slot, key }), await call(store, { slot, key })]
      expect([value, ...answers.map(({ charges }) => charges[0]?.remaining)]).toEqual([value, 9, 8])
    }
  })

  it('can be replaced by any other that has promises', async () => {
    const port: MemcachedPort = npmPort(clientWith({}), 5000)
    const store = memcachedStore(port, { prefix: newPrefix(), timeout: '5s' })
    const slot = store.open('policy', ten)
    const allowed = []
    for (let turn = 0; turn < 12; turn++) allowed.push((await call(store, { slot })).ruling.allowed)
    expect(allowed.filter(Boolean)).toHaveLength(10)
  })
})

describe('what a port rejects with', () => {
  const rejecting = (error: unknown): MemcachedPort => {
    const fail = async (): Promise<never> => {
      throw error
    }
    return { gets: fail, cas: fail, add: fail, incr: fail, delete: fail }
  }
  const failing = (error: unknown): Promise<unknown> => {
    const store = memcachedStore(rejecting(error))
    return call(store, { slot: store.open('p', ten) }).catch((reason: unknown) => reason)
  }

  it('is a failure of the store, with its cause', async () => {
    const cause = new Error('socket hang up')
    expect(await failing(cause)).toMatchObject({ name: 'StoreError', code: 'failed', cause })
    expect(await failing('over queue limit')).toMatchObject({ name: 'StoreError', code: 'failed' })
  })

  it('leaves charges as they were', async () => {
    const store = memcachedStore({
      ...rejecting(new Error('reset')),
      gets: async () => undefined,
    })
    const asked = { slot: store.open('p', fixedWindow({ limit: 100, window: '1m' })), key: 'key', cost: 1 }
    const charge = { ...chargeOf('take', asked), upTo: 10 }
    await expect(store.take([charge])).rejects.toHaveProperty('code', 'failed')
    expect(charge.cost).toBe(1)
  })

  it('is a mistake where it says so', async () => {
    const mistake = new TypeError('x is not a function')
    expect(await failing(mistake)).toBe(mistake)
  })
})
