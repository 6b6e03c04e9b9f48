import { concurrency } from '../../algorithms/concurrency.ts'
import { same } from '../../conformance/calls.ts'
import { after } from '../../maybe-promise.ts'
import type { Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseApp, HttpCase } from './app.ts'
import { type Client, counter, door, httpCase, type World } from './world.ts'

const key = byHeader('x-client')

/** A store that tells when slots are freed. */
function watched(store: Store): { store: Store; freed: ReturnType<typeof counter> } {
  const freed = counter()
  const take: Store['take'] = (charges) =>
    after(store.take(charges), (ruling) => {
      for (const { kind } of charges) if (kind === 'refund') freed.add()
      return ruling
    }) as ReturnType<Store['take']>
  // A failure policy would be asked instead, and nothing be seen.
  const { guarded: _, ...bare } = store
  return { store: { ...bare, take }, freed }
}

interface Slots {
  readonly app: Client
  readonly freed: ReturnType<typeof counter>
}

/** An app with so many slots for each client. */
async function withSlots(world: World, limit: number, app: Partial<CaseApp> = {}): Promise<Slots> {
  const { store, freed } = watched(world.store())
  const algorithm = concurrency({ limit, ttl: '1m' })
  const limiters = [{ options: () => ({ store, policies: [{ name: 'slots', algorithm, key }] }) }]
  return { app: await world.open({ limiters, ...app }), freed }
}

const SHORT: [method: string, path: string, status: number][] = [
  ['GET', '/', 200],
  ['HEAD', '/', 200],
  ['GET', '/raw', 200],
  ['GET', '/stream', 200],
  ['HEAD', '/stream', 200],
  ['GET', '/redirect', 302],
  ['GET', '/missing', 404],
  ['GET', '/boom', 500],
  ['GET', '/sub/here', 200],
]

/** Slots of `concurrency`: held while a response is under way, and freed once. */
export const slotCases: readonly HttpCase[] = [
  ...['/slow', '/stream'].map((path) =>
    httpCase(`a slot is held until the response has ended: ${path}`, async (world) => {
      const { wait, open: letGo, reached } = door()
      const { app, freed } = await withSlots(world, 2, { wait })
      const under = [app.get(path), app.get(path)]
      await reached(2)
      const denied = await app.get()
      same('a third', denied.status, 429)
      same('ratelimit', denied.headers['ratelimit'], '"slots";r=0')
      same('ratelimit-policy', denied.headers['ratelimit-policy'], '"slots";q=2;qu="concurrent-requests"')
      same('retry-after', denied.headers['retry-after'], undefined)
      same('another client', (await app.get('/', { 'x-client': 'bob' })).status, 200)
      await freed.reached(1)
      letGo()
      same(
        'statuses',
        (await Promise.all(under)).map(({ status }) => status),
        [200, 200],
      )
      await freed.reached(3)
      same('left', (await app.get()).headers['ratelimit'], '"slots";r=1')
      await freed.reached(4)
      same('freed', freed.count(), 4)
    }),
  ),

  ...SHORT.map(([method, path, status]) =>
    httpCase(`a slot is freed once after ${method} ${path}`, async (world) => {
      const { app, freed } = await withSlots(world, 1)
      for (let times = 1; times <= 3; times++) {
        same('status', (await app.send({ method, path })).status, status)
        await freed.reached(times)
        same('freed', freed.count(), times)
      }
    }),
  ),

  httpCase('a slot is freed where another policy is charged too', async (world) => {
    const { store, freed } = watched(world.store())
    const app = await world.open(() => ({
      store,
      policies: [
        { name: 'slots', algorithm: concurrency({ limit: 1, ttl: '1m' }), key },
        { name: 'requests', limit: 3, window: '1m', key },
      ],
    }))
    for (let times = 1; times <= 3; times++) {
      same('status', (await app.get()).status, 200)
      await freed.reached(times)
    }
    const denied = await app.get()
    same('status', denied.status, 429)
    same('ratelimit', denied.headers['ratelimit']?.match(/"\w+";r=\d/g), ['"slots";r=1', '"requests";r=0'])
  }),

  httpCase('slots of a client and of all clients are held together, and freed once', async (world) => {
    const { wait, open: letGo, reached } = door()
    const { store, freed } = watched(world.store())
    const mine = { name: 'mine', algorithm: concurrency({ limit: 1, ttl: '1m' }), key }
    const all = { name: 'all', algorithm: concurrency({ limit: 2, ttl: '1m' }), key: () => 'everyone' }
    const options = (): object => ({ store, policies: [mine, all] })
    const app = await world.open({ limiters: [{ options }], wait })
    const as = (client: string, path = '/slow'): ReturnType<Client['get']> =>
      app.get(path, { 'x-client': client })
    const violated = ({ body }: { body: string }): unknown =>
      (JSON.parse(body) as Record<string, unknown>)['violated-policies']
    const first = as('ada')
    await reached(1)
    same('her second', violated(await as('ada')), ['mine'])
    const second = as('bob')
    await reached(2)
    // Who is refused by one holds nothing of the other.
    same('a third client', violated(await as('cid')), ['all'])
    letGo()
    same('statuses', [(await first).status, (await second).status], [200, 200])
    await freed.reached(4)
    same('left', (await as('ada', '/')).headers['ratelimit'], '"mine";r=0, "all";r=1')
    await freed.reached(6)
    same('freed', freed.count(), 6)
  }),

  httpCase('a slot that is chosen by the request is freed too', async (world) => {
    const { store, freed } = watched(world.store())
    const app = await world.open(() => ({
      store,
      key,
      algorithm: () => concurrency({ limit: 1, ttl: '1m' }),
    }))
    for (let times = 1; times <= 3; times++) {
      same('status', (await app.get()).status, 200)
      await freed.reached(times)
    }
  }),

  ...(['throws', 'rejects'] as const).map((way) =>
    httpCase(`a slot whose store ${way} when it is freed fails nothing`, async (world) => {
      const { store, freed } = watched(world.store())
      const take: Store['take'] = (charges) => {
        const ruling = store.take(charges)
        if (charges.every(({ kind }) => kind !== 'refund'))
          return way === 'throws' ? ruling : Promise.resolve(ruling)
        if (way === 'throws') throw new Error('the store is down')
        return Promise.reject(new Error('the store is down'))
      }
      const failing: Store = { ...store, mode: way === 'throws' ? 'sync' : 'async', take }
      const app = await world.open(() => ({
        store: failing,
        key,
        algorithm: concurrency({ limit: 3, ttl: '1m' }),
      }))
      for (let times = 1; times <= 3; times++) {
        same('status', (await app.get('/stream')).body, 'onetwo')
        await freed.reached(times)
      }
      same('errors', app.errors, [])
    }),
  ),
]
