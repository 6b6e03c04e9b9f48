import { same } from '../../conformance/calls.ts'
import type { KeyOption, RequestKey, RequestView } from '../framework.ts'
import {
  byBearer,
  byHeader,
  byMethod,
  byRegion,
  byRoute,
  byTenant,
  byUser,
  combine,
  firstOf,
} from '../keys.ts'
import type { HttpCase, ReadHeader } from './app.ts'
import { httpCase, limitHeaders, statuses } from './world.ts'

type KeyOf = <Args extends readonly unknown[]>(header: ReadHeader<Args>) => KeyOption<Args>
type Headers = Record<string, string>

/** Keys that are told by header: who shares a limit with whom, who has another, and who has none. */
const KEYS: [name: string, key: KeyOf, one: Headers[], other: Headers, none: Headers][] = [
  ['API key', () => byHeader('X-Api-Key'), [{ 'x-api-key': 'k1' }], { 'x-api-key': 'k2' }, {}],
  [
    'bearer token',
    () => byBearer(),
    [{ authorization: 'Bearer t1' }, { authorization: 'bearer  t1' }],
    { authorization: 'Bearer t2' },
    { authorization: 'Basic YTpi' },
  ],
  [
    'user',
    (header) => byUser((...args) => header('x-user', ...args)),
    [{ 'x-user': '1' }],
    { 'x-user': '2' },
    {},
  ],
  [
    'user, looked up',
    (header) => byUser(async (...args) => Promise.resolve(header('x-user', ...args))),
    [{ 'x-user': '1' }],
    { 'x-user': '2' },
    {},
  ],
  [
    'tenant, whoever of its users asks',
    (header) => byTenant((...args) => header('x-tenant', ...args)),
    [
      { 'x-tenant': '7', 'x-user': '1' },
      { 'x-tenant': '7', 'x-user': '2' },
    ],
    { 'x-tenant': '8', 'x-user': '1' },
    { 'x-user': '1' },
  ],
  [
    'region, by the header of an edge',
    () => byRegion('X-Edge-Country'),
    [{ 'x-edge-country': 'DE' }, { 'x-edge-country': 'de' }],
    { 'x-edge-country': 'FR' },
    {},
  ],
  [
    'region, by a function',
    (header) => byRegion((...args) => header('x-zone', ...args)?.slice(0, 2)),
    [{ 'x-zone': 'eu-1' }, { 'x-zone': 'EU-2' }],
    { 'x-zone': 'us-1' },
    {},
  ],
  [
    'combination',
    () => combine(byHeader('x-a'), byHeader('x-b')),
    [{ 'x-a': '1', 'x-b': '2' }],
    { 'x-a': '1' },
    {},
  ],
  [
    'first key that there is',
    () => firstOf(byHeader('x-a'), byHeader('x-b')),
    [{ 'x-a': '1' }, { 'x-a': '1', 'x-b': '2' }],
    { 'x-b': '2' },
    {},
  ],
]

/** A client's requests to one place only: a policy with this key applies to no others. */
const only = <Args extends readonly unknown[]>(
  isThere: (view: RequestView<Args>, args: Args) => boolean,
): RequestKey<Args> => ({
  keyOf: (view, ...args) => (isThere(view, args) ? view.header('x-client', ...args) : undefined),
})

/** Who is calling. */
export const whoCases: readonly HttpCase[] = [
  ...KEYS.map(([name, key, one, other, none]) =>
    httpCase(`limits by ${name}`, async ({ open, store }) => {
      const limit = one.length
      const app = await open((header) => ({ store: store(), limit, window: '1m', key: key(header) }))
      for (const headers of one) same('passes', (await app.get('/', headers)).status, 200)
      for (const headers of one) same('has had all', (await app.get('/', headers)).status, 429)
      same('another', (await app.get('/', other)).status, 200)
      const unlimited = await app.get('/', none)
      same('none', [unlimited.status, limitHeaders(unlimited)], [200, {}])
    }),
  ),

  httpCase('limits by route', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, window: '1m', key: byRoute() }))
    same('one', await statuses(2, () => app.get('/')), [200, 429])
    same('another', await statuses(2, () => app.get('/raw')), [200, 429])
  }),

  httpCase('limits by method', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, window: '1m', key: byMethod() }))
    same('GET', await statuses(2, app.get), [200, 429])
    same('HEAD', await statuses(2, () => app.send({ method: 'HEAD' })), [200, 429])
  }),

  httpCase('a limit for everybody beside one for each client', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'everyone', limit: 3, window: '1m', key: () => 'everyone' },
        { name: 'client', limit: 2, window: '1m', key: byHeader('x-client') },
      ],
    }))
    same('ada', await statuses(4, app.get), [200, 200, 429, 429])
    same('bob, of whom nothing is counted yet', (await app.get('/', { 'x-client': 'bob' })).status, 200)
    const denied = await app.get('/', { 'x-client': 'cid' })
    same('cid', denied.status, 429)
    const problem = JSON.parse(denied.body) as Record<string, unknown>
    same('by', problem['violated-policies'], ['everyone'])
  }),

  httpCase('different limits for each endpoint and method, on one middleware', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'reads', limit: 4, window: '1m', key: only((view, args) => view.method(...args) === 'GET') },
        { name: 'heads', limit: 1, window: '1m', key: only((view, args) => view.method(...args) === 'HEAD') },
        { name: 'raw', limit: 2, window: '1m', key: only((view, args) => view.route(...args) === '/raw') },
      ],
    }))
    same('HEAD', await statuses(2, () => app.send({ method: 'HEAD' })), [200, 429])
    same('GET /raw', await statuses(3, () => app.get('/raw')), [200, 200, 429])
    same('GET /', await statuses(3, app.get), [200, 200, 429])
    same('of another client', await statuses(2, () => app.get('/', { 'x-client': 'bob' })), [200, 200])
  }),
]
