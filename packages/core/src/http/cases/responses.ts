import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { CaseApp, CaseLimiter, CaseOptions, HttpCase } from './app.ts'
import {
  type Client,
  door,
  httpCase,
  limitHeaders,
  members,
  remaining,
  statuses,
  type World,
} from './world.ts'

const key = byHeader('x-client')

/** Two limiters that both have their say, so that each case also shows that neither takes from the other. */
const both = (
  { store }: World,
  more: { skipOnRedirect?: true; skipWhenCacheable?: true } = {},
): CaseLimiter[] =>
  (['outer', 'inner'] as const).map((name) => ({
    options: () => ({ store: store(), policies: [{ name, limit: 5, window: '10s', key }], ...more }),
  }))

const openBoth = async (world: World, app: Partial<CaseApp> = {}): Promise<Client> =>
  world.open({ limiters: both(world), ...app })

async function carries(app: Client, path: string, status: number, body?: string): Promise<void> {
  const answer = await app.get(path)
  same('status', answer.status, status)
  if (body !== undefined) same('body', answer.body, body)
  same('policies', members(answer.headers['ratelimit']), ['"inner";r=4;t=10', '"outer";r=4;t=10'])
  same('left', answer.headers['x-ratelimit-remaining'], '4')
}

/** Which responses carry the headers: every one that handlers can make. */
export const responseCases: readonly HttpCase[] = [
  httpCase('a handler that throws has the headers on its response', async (world) => {
    const app = await openBoth(world)
    await carries(app, '/boom', 500)
    same('errors', app.errors.length, 1)
  }),

  httpCase('a route that there is not has the headers', async (world) => {
    await carries(await openBoth(world), '/missing', 404)
  }),

  httpCase('a response made past the framework has the headers', async (world) => {
    await carries(await openBoth(world), '/raw', 200, 'raw')
  }),

  httpCase('a response that is streamed has the headers', async (world) => {
    const { wait, open: letGo, reached } = door()
    const app = await openBoth(world, { wait })
    const answered = carries(app, '/stream', 200, 'onetwo')
    await reached(1)
    letGo()
    await answered
  }),

  httpCase('a response that comes late has the headers', async (world) => {
    const { wait, open: letGo, reached } = door()
    const app = await openBoth(world, { wait })
    const answered = carries(app, '/slow', 200, 'slow')
    await reached(1)
    letGo()
    await answered
  }),

  httpCase('HEAD has the headers of GET', async (world) => {
    const app = await openBoth(world)
    const head = await app.send({ method: 'HEAD' })
    same('status', head.status, 200)
    same('body', head.body, '')
    same('left', remaining(head), 4)
  }),

  httpCase('a route of a sub-router is limited, and has the headers', async (world) => {
    await carries(await openBoth(world), '/sub/here', 200, 'here')
  }),

  httpCase('a limiter on a sub-router limits that only', async ({ open, store }) => {
    const limiter: CaseLimiter = { options: () => ({ store: store(), limit: 1, window: '1m', key }) }
    const app = await open({ limiters: [], subLimiters: [limiter] })
    same('in it', await statuses(2, () => app.get('/sub/here')), [200, 429])
    const outside = await app.get('/')
    same('outside', outside.status, 200)
    same('headers outside', limitHeaders(outside), {})
  }),

  httpCase('a redirect has the headers', async (world) => {
    await carries(await openBoth(world), '/redirect', 302)
  }),

  httpCase('a redirect has none with skipOnRedirect; what is none has them', async (world) => {
    const app = await world.open({ limiters: both(world, { skipOnRedirect: true }) })
    const answer = await app.get('/redirect')
    same('status', answer.status, 302)
    same('headers', limitHeaders(answer), {})
    for (const path of ['/', '/missing', '/boom', '/stream', '/sub/here']) {
      const { headers } = await app.get(path, { 'x-client': path })
      same(path, headers['ratelimit']?.match(/"\w+"/g)?.toSorted(), ['"inner"', '"outer"'])
    }
  }),

  httpCase('a response for shared caches has none with skipWhenCacheable (S29)', async (world) => {
    const app = await world.open({ limiters: both(world, { skipWhenCacheable: true }) })
    const answer = await app.get('/cached')
    same('headers', limitHeaders(answer), {})
    same('cache-control', answer.headers['cache-control'], 'public, max-age=60')
    same('another', remaining(await app.get('/')), 3)
  }),

  httpCase('a refusal has the headers whatever it is the answer to', async (world) => {
    const options: CaseOptions = () => ({
      store: world.store(),
      limit: 0,
      window: '1m',
      key,
      skipWhenCacheable: true,
      skipOnRedirect: true,
    })
    for (const path of ['/cached', '/redirect', '/missing', '/boom', '/stream', '/sub/here']) {
      const { status, headers } = await (await world.open(options)).get(path)
      same('status', status, 429)
      same('ratelimit', headers['ratelimit'], '"default";r=0;t=60')
      same('cache-control', headers['cache-control'], 'no-store')
    }
  }),

  httpCase('handlers find the decision', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 5, window: '10s', key, cost: 2 }))
    const seen = JSON.parse((await app.get('/seen')).body) as Record<string, unknown>
    const { allowed, policy, limit, used, remaining: left } = seen
    same(
      'decision',
      { allowed, policy, limit, used, left },
      { allowed: true, policy: 'default', limit: 5, used: 2, left: 3 },
    )
  }),

  httpCase('handlers find the decision under the name of your choice', async ({ open, store }) => {
    const limiter: CaseLimiter = {
      options: () => ({ store: store(), limit: 5, window: '10s', key, property: 'quota' }),
    }
    const app = await open({ limiters: [limiter], property: 'quota' })
    const seen = JSON.parse((await app.get('/seen')).body) as Record<string, unknown>
    same('limit', seen['limit'], 5)
  }),
]
