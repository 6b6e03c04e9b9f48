import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { memcachedOfRun } from '../../../../../scripts/servers/of-run.ts'
import type { Algorithm } from '../../algorithm.ts'
import { call, type ChargePart } from '../../conformance/calls.ts'
import { calendarWindow, fixedWindow } from '../../index.ts'
import { newClient } from '../../testing/memcached-stores.ts'
import { newPrefix } from '../../testing/redis-stores.ts'
import type { Slot, Store } from '../../store.ts'
import { explainedKey } from './keys.ts'
import { memcachedStore } from './index.ts'
import { npmPort } from './npm-client.ts'

const START = 1_800_000_000_000
const BASE = 2 ** 28

describe('a window that is a counter', () => {
  let client: ReturnType<typeof newClient>
  beforeAll(async () => {
    client = newClient((await memcachedOfRun()).address)
  })
  afterAll(() => client.end())

  let clock: number
  let prefix: string
  beforeEach(() => {
    clock = START
    prefix = newPrefix()
  })
  const ten = fixedWindow({ limit: 10, window: '1m' })
  const twenty = fixedWindow({ limit: 20, window: '1m' })

  /** A process with a store of its own. */
  function someone(): {
    store: Store<'async'>
    take(part?: Partial<ChargePart>, algorithm?: Algorithm): Promise<number | false>
    left(algorithm?: Algorithm): Promise<number | undefined>
  } {
    const store = memcachedStore(client, { prefix, timeout: '5s', clock: () => clock })
    const slotOf = (algorithm: Algorithm): Slot => store.open('policy', algorithm)
    return {
      store,
      async take(part = {}, algorithm = ten) {
        const { ruling, charges } = await call(store, { slot: slotOf(algorithm), ...part })
        return ruling.allowed && (charges[0]?.remaining ?? -1)
      },
      left: async (algorithm = ten) =>
        (await call(store, { slot: slotOf(algorithm), cost: 0 })).charges[0]?.remaining,
    }
  }

  const valueOf = async (): Promise<string | undefined> =>
    (await npmPort(client, 5000).gets(`${prefix}:policy:fixedWindow:key`))?.value

  const times = async (howMany: number, take: () => Promise<unknown>): Promise<void> => {
    for (let turn = 0; turn < howMany; turn++) await take()
  }

  it('begins as text, and is a number once it is hot', async () => {
    const ada = someone()
    await times(2, ada.take)
    expect(await valueOf()).toBe(`${START},2,60000`)
    await times(2, ada.take)
    const value = Number(await valueOf())
    expect(value % BASE).toBe(4)
    const tag = Math.floor(value / BASE)
    const explained = explainedKey(`${prefix}:policy:fixedWindow:key`, tag)
    expect((await npmPort(client, 5000).gets(explained))?.value).toBe(`${START},0,60000`)
  })

  it('takes back what was counted above the limit before anyone is answered', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(4, ada.take)
    await times(6, bob.take)
    // Ada knows of four.
    expect(await ada.take()).toBe(false)
    expect(await ada.left(twenty)).toBe(10)
    expect(Number(await valueOf()) % BASE).toBe(10)
  })

  it('grants those of a fold that fit', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(4, ada.take)
    await times(4, bob.take)
    const taken = await Promise.all([ada.take(), ada.take(), ada.take(), ada.take(), ada.take()])
    expect(taken).toEqual([1, 0, false, false, false])
    expect(await ada.left(twenty)).toBe(10)
  })

  it('is not mistaken for the next one of the same key', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(4, ada.take)
    await bob.store.forget(bob.store.open('policy', ten), 'key')
    clock += 1000
    await times(4, bob.take)
    // Ada counts in the one that she does not know.
    const { charges } = await call(ada.store, { slot: ada.store.open('policy', ten) })
    expect(charges[0]).toMatchObject({ remaining: 5, resetMs: 60_000 })
    expect(await bob.left()).toBe(5)
  })

  it('ends when it ends', async () => {
    const ada = someone()
    await times(10, ada.take)
    clock += 59_999
    expect(await ada.take()).toBe(false)
    clock += 1
    expect(await ada.take()).toBe(9)
    expect(await valueOf()).toBe(`${START + 60_000},1,60000`)
  })

  it('stays right under whatever else is done to it', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(4, ada.take)
    expect(await bob.take({ cost: 3 })).toBe(3)
    expect(await ada.take()).toBe(2)
    await bob.take({ cost: 5, kind: 'refund', at: START })
    expect(await ada.take()).toBe(6)
    await bob.take({ cost: 8, kind: 'force' })
    expect(await ada.take()).toBe(false)
    expect(await ada.take({}, twenty)).toBe(7)
    await bob.take({ cost: 100, kind: 'refund', at: START })
    clock += 1000
    // All was given back: the next charge opens a window.
    expect(await ada.take()).toBe(9)
    expect(await valueOf()).toBe(`${START + 1000},1,60000`)
  })

  it('becomes text again under another window, and where it grows too large', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(4, ada.take)
    expect(await bob.take({}, fixedWindow({ limit: 10, window: '2m' }))).toBe(5)
    expect(await valueOf()).toBe(`${START},5,120000`)
    expect(await ada.take()).toBe(4)
    const huge = fixedWindow({ limit: 2 ** 40, window: '1m' })
    await times(4, ada.take)
    await bob.take({ cost: 2 ** 30 }, huge)
    expect(await valueOf()).toBe(`${START},${2 ** 30 + 10},60000`)
    expect(await ada.take()).toBe(false)
    expect(await ada.take({}, huge)).toBe(2 ** 40 - 2 ** 30 - 11)
  })

  it('counts as far as a number can', async () => {
    const ada = someone()
    const huge = fixedWindow({ limit: 2 ** 40, window: '1m' })
    await times(4, () => ada.take({}, huge))
    await ada.take({ cost: 2 ** 27 - 6 }, huge)
    await ada.take({}, huge)
    expect(Number(await valueOf()) % BASE).toBe(2 ** 27 - 1)
    expect(await ada.take({}, huge)).toBe(2 ** 40 - 2 ** 27)
    expect(await valueOf()).toBe(`${START},${2 ** 27},60000`)
  })

  it('without its explanation counts as forgotten', async () => {
    const [ada, bob] = [someone(), someone()]
    await times(5, ada.take)
    const port = npmPort(client, 5000)
    const key = `${prefix}:policy:fixedWindow:key`
    await port.delete(explainedKey(key, Math.floor(Number(await valueOf()) / BASE)))
    expect(await bob.take()).toBe(9)
    expect(await ada.take()).toBe(8)
  })

  it('may be one of a calendar', async () => {
    const [ada, bob] = [someone(), someone()]
    const yearly = calendarWindow({ limit: 10, every: 'year', timeZone: 'Europe/Paris' })
    const taken = []
    for (let turn = 0; turn < 12; turn++) taken.push(await (turn % 2 ? ada : bob).take({}, yearly))
    expect(taken).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, false, false])
    expect(await valueOf()).toBeUndefined()
  })
})
