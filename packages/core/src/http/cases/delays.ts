import type { Algorithm } from '../../algorithm.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { leakyBucket } from '../../algorithms/leaky-bucket.ts'
import { same } from '../../conformance/calls.ts'
import type { CaseOptions, CaseResponse, HttpCase } from './app.ts'
import { type Client, counter, flowing, httpCase, type World } from './world.ts'

/** Timers and networks are late, clocks are rounded; nobody may be early by more than this, in milliseconds. */
const ROUGHLY_MS = 15

const held = (world: World): World & { at: () => number } => {
  const from = performance.now()
  return { ...flowing(world), at: () => performance.now() - from }
}

/** An app that holds back, and notes who came in which order. */
async function holding(
  world: World,
  algorithm: Algorithm,
  delay: object,
  on: object = {},
  keyOf = (client: string): string => client,
): Promise<{ app: Client; came: string[]; arrived: ReturnType<typeof counter> }> {
  const came: string[] = []
  const arrived = counter()
  const options: CaseOptions = (header) => ({
    store: world.store(),
    algorithm,
    delay,
    on,
    key: (...args) => {
      const client = header('x-client', ...args) ?? ''
      came.push(client)
      arrived.add()
      return keyOf(client)
    },
  })
  return { app: await world.open(options), came, arrived }
}

const ask = (app: Client, client: string): Promise<CaseResponse> => app.get('/', { 'x-client': client })
const bucket = (perMs: number): Algorithm => leakyBucket({ capacity: 1, leak: 1, per: perMs })

/** What is held back instead of refused. */
export const delayCases: readonly HttpCase[] = [
  httpCase(
    'requests that are held back leave in the order in which they came, as a bucket leaks',
    async (given) => {
      const world = held(given)
      const delays: number[] = []
      const on = { delayed: ({ waitedMs }: { waitedMs: number }) => void delays.push(waitedMs) }
      const { app, came } = await holding(world, bucket(100), { maxWait: '5s' }, on, () => 'all')
      const left: { client: string; at: number }[] = []
      const clients = ['a', 'b', 'c', 'd', 'e']
      await Promise.all(
        clients.map(async (client) => {
          same('status', (await ask(app, client)).status, 200)
          left.push({ client, at: world.at() })
        }),
      )
      same(
        'order',
        left.map(({ client }) => client),
        came,
      )
      const [first = { at: 0 }] = left
      for (const [index, { at }] of left.entries())
        same(`${index} was not early`, at - first.at > index * 100 - 2 * ROUGHLY_MS, true)
      same('delays', delays.length, 4)
      for (const [index, ms] of delays.entries())
        same(
          `${index} was told`,
          ms > (index + 1) * 100 - 2 * ROUGHLY_MS && ms < (index + 1) * 100 + 200,
          true,
        )
    },
  ),

  httpCase('requests are held back until a window has room', async (given) => {
    const world = held(given)
    const { app } = await holding(world, fixedWindow({ limit: 1, window: 200 }), {})
    await app.get()
    const from = world.at()
    const { status, headers } = await app.get()
    same('status', status, 200)
    same('policy', headers['ratelimit-policy'], '"default";q=1;w=1')
    same('waited', world.at() - from > 100, true)
  }),

  httpCase('what would have to wait longer is refused at once, and told how long', async (given) => {
    const world = held(given)
    const { app } = await holding(world, bucket(10_000), { maxWait: '9s' })
    same('status', (await app.get()).status, 200)
    const from = world.at()
    const refused = await app.get()
    same('status', refused.status, 429)
    same('at once', world.at() - from < 2000, true)
    same('retry-after', refused.headers['retry-after'], '10')
    same('told', refused.body.includes('Try again in 10 seconds'), true)
  }),

  httpCase('where the queue is full, who has room passes and others are refused', async (given) => {
    const { app, arrived } = await holding(held(given), bucket(1500), { maxWait: '5s', maxQueue: 1 })
    for (const client of ['ada', 'eve']) same('status', (await ask(app, client)).status, 200)
    const waiting = ask(app, 'ada')
    await arrived.reached(3)
    // Until the store has answered.
    await new Promise((resolve) => setTimeout(resolve, 50))
    same('with room', (await ask(app, 'bob')).status, 200)
    const [same1, other] = [await ask(app, 'ada'), await ask(app, 'eve')]
    same('statuses', [same1.status, other.status], [429, 429])
    // Behind the one who waits.
    same('retry-after', same1.headers['retry-after'], '3')
    same('retry-after', Number(other.headers['retry-after']) <= 2, true)
    same('status', (await waiting).status, 200)
  }),
]
