import { concurrency, memoryStore, type Store } from '../src/index.ts'
import { byHeader, type CaseApp } from '../src/http/index.ts'
import { counter, door } from '../src/http/cases/world.ts'
import { same } from '../src/conformance/calls.ts'
import { asking, connection, statusesIn } from './node-http-raw.ts'
import type { Listening } from './node-http-server.ts'

/** Serves an app of the HTTP cases on a real socket. */
type ServeApp = (app: CaseApp) => Promise<Listening>

export interface SocketCase {
  readonly name: string
  run(serve: ServeApp): Promise<void>
}

const key = byHeader('x-client')

/** A store that counts how many slots came free. */
function slotStore(): { store: Store<'sync'>; freed: ReturnType<typeof counter> } {
  const freed = counter()
  const store = memoryStore({ clock: () => 1_790_000_000_400 })
  const take: Store<'sync'>['take'] = (charges) => {
    const ruling = store.take(charges)
    for (const { kind } of charges) if (kind === 'refund') freed.add()
    return ruling
  }
  return { store: { ...store, take }, freed }
}

export function socketCase(name: string, check: (serve: ServeApp) => Promise<void>): SocketCase {
  return {
    name,
    async run(serve) {
      const served: Listening[] = []
      try {
        await check(async (app) => {
          const listening = await serve(app)
          served.push(listening)
          return listening
        })
      } finally {
        for (const { close } of served) await close()
      }
    },
  }
}

export const answered =
  (times: number) =>
  (heard: string): boolean =>
    statusesIn(heard).length === times && /\r\n\r\n/.test(heard.slice(heard.lastIndexOf('HTTP/1.1')))

/** What can be seen only on a real connection. */
export const socketCases: readonly SocketCase[] = [
  socketCase('of five pipelined requests exactly three pass', async (serve) => {
    const store = memoryStore({ clock: () => 1_790_000_000_400 })
    const at = await serve({ limiters: [{ options: () => ({ store, limit: 3, window: '1m', key }) }] })
    const client = await connection(at)
    client.say(asking('/').repeat(5))
    same('statuses', statusesIn(await client.hears(answered(5))), [200, 200, 200, 429, 429])
    client.vanish()
  }),

  socketCase('of five pipelined requests whose keys are looked up exactly three pass', async (serve) => {
    const store = memoryStore({ clock: () => 1_790_000_000_400 })
    const at = await serve({
      limiters: [
        { options: () => ({ store, limit: 3, window: '1m', key: async () => Promise.resolve('ada') }) },
      ],
    })
    const client = await connection(at)
    client.say(asking('/').repeat(5))
    same('statuses', statusesIn(await client.hears(answered(5))), [200, 200, 200, 429, 429])
    client.vanish()
  }),

  socketCase('a connection that is used again is counted request by request', async (serve) => {
    const { store, freed } = slotStore()
    const at = await serve({
      limiters: [
        {
          options: () => ({
            store,
            policies: [
              { name: 'slots', algorithm: concurrency({ limit: 1, ttl: '1m' }), key },
              { name: 'requests', limit: 3, window: '1m', key },
            ],
          }),
        },
      ],
    })
    const client = await connection(at)
    for (let times = 1; times <= 3; times++) {
      client.say(asking('/'))
      await client.hears(answered(times))
      await freed.reached(times)
    }
    client.say(asking('/'))
    same('statuses', statusesIn(await client.hears(answered(4))), [200, 200, 200, 429])
    same('freed', freed.count(), 3)
    client.vanish()
  }),

  socketCase('a refused HEAD has no body, so that the next answer is where it belongs', async (serve) => {
    const store = memoryStore({ clock: () => 1_790_000_000_400 })
    const at = await serve({ limiters: [{ options: () => ({ store, limit: 0, window: '1m', key }) }] })
    const client = await connection(at)
    client.say(asking('/', 'HEAD') + asking('/', 'HEAD'))
    const heard = await client.hears((text) => text.split('\r\n\r\n').length === 3)
    const [first = '', second = '', rest] = heard.split('\r\n\r\n')
    for (const head of [first, second]) {
      same('status line', head.startsWith('HTTP/1.1 429 '), true)
      same('ratelimit', /^ratelimit: "default";r=0;t=60$/im.test(head), true)
      same('no-store', /^cache-control: no-store$/im.test(head), true)
      same('content-type', /^content-type: application\/problem\+json$/im.test(head), true)
    }
    same('bodies', rest, '')
    client.vanish()
  }),

  ...[1, 3].map((clients) =>
    socketCase(
      `a client that is gone in the middle of a stream frees its slot: ${clients}`,
      async (serve) => {
        const { store, freed } = slotStore()
        const { wait, reached } = door()
        const at = await serve({ wait, limiters: [slots(store, clients)] })
        for (let index = 0; index < clients; index++) {
          const client = await connection(at)
          client.say(asking('/stream'))
          await reached(index + 1)
          await client.hears((heard) => heard.includes('one'))
          client.vanish()
          await freed.reached(index + 1)
        }
        same('freed', freed.count(), clients)
      },
    ),
  ),

  socketCase('a client that is gone before the handler has answered frees its slot', async (serve) => {
    const { store, freed } = slotStore()
    const { wait, open, reached } = door()
    const at = await serve({ wait, limiters: [slots(store, 1)] })
    const client = await connection(at)
    client.say(asking('/slow'))
    await reached(1)
    client.vanish()
    await at.over.reached(1)
    open()
    await freed.reached(1)
    await passesStill(at, freed, 1)
  }),

  socketCase('so does one that has sent several requests ahead', async (serve) => {
    const { store, freed } = slotStore()
    const { wait, open, reached } = door()
    const at = await serve({ wait, limiters: [slots(store, 3)] })
    const client = await connection(at)
    client.say(asking('/slow').repeat(3))
    await reached(3)
    client.vanish()
    await at.over.reached(1)
    open()
    await freed.reached(3)
    await passesStill(at, freed, 3)
  }),

  socketCase('so does one that is gone before it is known who it is', async (serve) => {
    const { store, freed } = slotStore()
    const { wait, open, reached } = door()
    const at = await serve({
      limiters: [
        {
          options: () => ({
            store,
            algorithm: concurrency({ limit: 1, ttl: '1m' }),
            key: async () => wait().then(() => 'ada'),
          }),
        },
      ],
    })
    const client = await connection(at)
    client.say(asking('/'))
    await reached(1)
    client.vanish()
    await at.over.reached(1)
    open()
    await freed.reached(1)
  }),

  socketCase('a stream that the server breaks off frees its slot', async (serve) => {
    const { store, freed } = slotStore()
    const wait = async (): Promise<void> => Promise.reject(new Error('the source dried up'))
    const at = await serve({ wait, limiters: [slots(store, 1)] })
    const client = await connection(at)
    client.say(asking('/stream'))
    await client.heardAll()
    await freed.reached(1)
    await passesStill(at, freed, 1)
  }),
]

function slots(store: Store<'sync'>, limit: number): CaseApp['limiters'][number] {
  return { options: () => ({ store, key, algorithm: concurrency({ limit, ttl: '1m' }) }) }
}

/** One more request passes and frees its slot, so nothing was freed twice. */
async function passesStill(at: Listening, freed: ReturnType<typeof counter>, before: number): Promise<void> {
  const client = await connection(at)
  client.say(asking('/'))
  same('statuses', statusesIn(await client.hears(answered(1))), [200])
  await freed.reached(before + 1)
  same('freed', freed.count(), before + 1)
  client.vanish()
}
