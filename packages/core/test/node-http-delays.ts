import { type Algorithm, fixedWindow, leakyBucket, memoryStore, type Store } from '../src/index.ts'
import { byHeader, type CaseApp } from '../src/http/index.ts'
import { counter } from '../src/http/cases/world.ts'
import { same } from '../src/conformance/calls.ts'
import { asking, type Connection, connection, statusesIn } from './node-http-raw.ts'
import type { Listening } from './node-http-server.ts'
import { answered, type SocketCase, socketCase } from './node-http-sockets.ts'

const key = byHeader('x-client')

/** A store that counts what it is asked for, and what it is given back. */
function seenStore(): { store: Store<'sync'>; asked: ReturnType<typeof counter>; back: typeof asked } {
  const [asked, back] = [counter(), counter()]
  const store = memoryStore()
  const take: Store<'sync'>['take'] = (charges) => {
    const ruling = store.take(charges)
    for (const { kind } of charges) (kind === 'refund' ? back : asked).add()
    return ruling
  }
  return { store: { ...store, take }, asked, back }
}

const bucket = (per: number): Algorithm => leakyBucket({ capacity: 1, leak: 1, per })

/** A limiter that holds back for as long as that takes. */
const holding = (store: Store, algorithm: Algorithm, maxQueue = 10): CaseApp['limiters'][number] => ({
  options: () => ({ store, algorithm, key, delay: { maxWait: '1m', maxQueue } }),
})

/** Clients that ask one after the other; each but the first has to wait. */
async function clients(
  at: Listening,
  asked: ReturnType<typeof counter>,
  count: number,
  path = '/',
): Promise<Connection[]> {
  const all: Connection[] = []
  while (all.length < count) {
    const client = await connection(at)
    client.say(asking(path))
    all.push(client)
    await asked.reached(all.length)
  }
  return all
}

const statusOf = async (client: Connection): Promise<number[]> => statusesIn(await client.hears(answered(1)))

/** Requests that are held back, on real connections. */
export const delaySocketCases: readonly SocketCase[] = [
  socketCase('a client that leaves frees its place at once, and those behind it move up', async (serve) => {
    const { store, asked, back } = seenStore()
    const at = await serve({ limiters: [holding(store, bucket(500), 2)] })
    const from = performance.now()
    const [first, second, third] = (await clients(at, asked, 3)) as [Connection, Connection, Connection]
    same('first', await statusOf(first), [200])
    const seen = at.over.reached(1).then(() => performance.now())
    const freed = back.reached(1).then(() => performance.now())
    second.vanish()
    const tookMs = (await freed) - (await seen)
    same(`freed within 10 ms, was ${tookMs}`, tookMs <= 10, true)
    // There is a place again.
    const fourth = await connection(at)
    fourth.say(asking('/'))
    same('third', await statusOf(third), [200])
    const atMs = performance.now() - from
    same(`third took the turn of the second, at ${atMs}`, atMs >= 490 && atMs < 900, true)
    same('fourth', await statusOf(fourth), [200])
    for (const client of [first, third, fourth]) client.vanish()
  }),

  socketCase('the first of a line that leaves lets the next one ask', async (serve) => {
    const { store, asked } = seenStore()
    const at = await serve({ limiters: [holding(store, fixedWindow({ limit: 1, window: 400 }))] })
    const [first, second] = (await clients(at, asked, 2)) as [Connection, Connection]
    const third = await connection(at)
    const from = performance.now()
    third.say(asking('/'))
    same('first', await statusOf(first), [200])
    second.vanish()
    same('third', await statusOf(third), [200])
    same('waited for one window', performance.now() - from < 700, true)
    for (const client of [first, third]) client.vanish()
  }),

  socketCase('pipelined requests are held back in order', async (serve) => {
    const { store } = seenStore()
    const at = await serve({ limiters: [holding(store, bucket(100))] })
    const client = await connection(at)
    const from = performance.now()
    client.say(asking('/').repeat(4))
    same('statuses', statusesIn(await client.hears(answered(4))), [200, 200, 200, 200])
    same('as a bucket leaks', performance.now() - from >= 285, true)
    client.vanish()
  }),

  socketCase('pipelined requests that find the queue full are refused in their place', async (serve) => {
    const { store } = seenStore()
    const at = await serve({ limiters: [holding(store, bucket(300), 1)] })
    const client = await connection(at)
    client.say(asking('/').repeat(4))
    same('statuses', statusesIn(await client.hears(answered(4))), [200, 200, 429, 429])
    client.vanish()
  }),

  socketCase('a client that leaves frees the places of all that it has sent ahead', async (serve) => {
    const { store, asked, back } = seenStore()
    const at = await serve({ limiters: [holding(store, bucket(10_000), 3)] })
    const client = await connection(at)
    client.say(asking('/').repeat(4))
    await asked.reached(4)
    const freed = back.reached(3)
    client.vanish()
    await freed
    const other = await connection(at)
    other.say(asking('/', 'GET', 'bob'))
    same('other', await statusOf(other), [200])
    other.vanish()
  }),

  socketCase('a request whose client has left is not handled', async (serve) => {
    const { store, asked } = seenStore()
    const handled = counter()
    const wait = async (): Promise<void> => Promise.resolve(handled.add())
    const at = await serve({ wait, limiters: [holding(store, bucket(1000))] })
    const [first, second] = (await clients(at, asked, 2, '/slow')) as [Connection, Connection]
    second.vanish()
    await at.over.reached(1)
    // Its turn would have come by then.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    same('handled', handled.count(), 1)
    first.vanish()
  }),
]
