import { same } from '../../conformance/calls.ts'
import { byHeader, byIp } from '../keys.ts'
import type { CaseOptions, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders, statuses } from './world.ts'

const key = byHeader('x-client')
const minute = { window: '1m', key } as const

/** Asks as a client behind proxies, the nearest of which told the last address. */
const from =
  (app: Client, ...hops: string[]) =>
  async (): ReturnType<Client['get']> =>
    app.get('/', { 'x-forwarded-for': hops.join(', ') })

const FORBIDDEN = '{"type":"about:blank","title":"Forbidden","status":403}'

/** Who is not limited, who is let in at all, and who is who. */
export const clientCases: readonly HttpCase[] = [
  httpCase('skip: a list looks at the client and not at the proxy', async ({ open, store }) => {
    const app = await open(() => ({
      ...{ store: store(), limit: 0, ...minute },
      ...{ skip: ['10.0.0.0/8', '2001:db8::/32'], trustProxy: 2 },
    }))
    for (const client of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7']) {
      const answer = await from(app, client, '198.51.100.1')()
      same(client, answer.status, 200)
      same('headers', limitHeaders(answer), {})
    }
    same('others', await statuses(1, from(app, '203.0.113.7', '10.9.9.9')), [429])
    same('who says so himself', await statuses(1, from(app, '10.1.2.3', '203.0.113.7', '10.9.9.9')), [429])
  }),

  httpCase('skip: a function', async ({ open, store }) => {
    for (const answer of [true, Promise.resolve(true)]) {
      const app = await open((header) => ({
        ...{ store: store(), limit: 0, ...minute },
        skip: (...args) => header('x-staff', ...args) === 'yes' && answer,
      }))
      same('staff', await statuses(1, () => app.get('/', { 'x-staff': 'yes' })), [200])
      same('others', await statuses(1, app.get), [429])
    }
  }),

  httpCase('skip: what is skipped is not counted', async ({ open, store }) => {
    const app = await open((header) => ({
      ...{ store: store(), limit: 1, ...minute },
      skip: (...args) => header('x-staff', ...args) === 'yes',
    }))
    await statuses(3, () => app.get('/', { 'x-staff': 'yes' }))
    same('then', await statuses(2, app.get), [200, 429])
  }),

  httpCase('deny: a list looks at the client and not at the proxy', async ({ open, store }) => {
    const app = await open(() => ({
      ...{ store: store(), limit: 1, ...minute },
      ...{ deny: ['203.0.113.0/24'], trustProxy: ['loopback', '10.0.0.0/8'] },
    }))
    const denied = await from(app, '203.0.113.7', '10.9.9.9')()
    same('status', denied.status, 403)
    same('content-type', denied.headers['content-type'], 'application/problem+json')
    same('body', denied.body, FORBIDDEN)
    same('cache-control', denied.headers['cache-control'], 'no-store')
    same('headers', limitHeaders(denied), {})
    same('others, of whom nothing is counted yet', await statuses(2, from(app, '198.51.100.1')), [200, 429])
  }),

  httpCase('deny: a function', async ({ open, store }) => {
    for (const answer of [true, Promise.resolve(true)]) {
      const app = await open((header) => ({
        ...{ store: store(), limit: 1, ...minute },
        deny: (...args) => header('user-agent', ...args) === 'bad bot' && answer,
      }))
      same('bots', await statuses(3, () => app.get('/', { 'user-agent': 'bad bot' })), [403, 403, 403])
      same('others', await statuses(2, app.get), [200, 429])
    }
  }),

  httpCase('skip comes before deny', async ({ open, store }) => {
    const app = await open(() => ({
      ...{ store: store(), limit: 0, ...minute },
      ...{ skip: ['203.0.113.7'], deny: ['203.0.113.0/24'], trustProxy: 1 },
    }))
    same('skipped', await statuses(1, from(app, '203.0.113.7')), [200])
    same('denied', await statuses(1, from(app, '203.0.113.8')), [403])
  }),

  sameClient('an IPv4 client is its address', {}, ['192.0.2.1'], ['192.0.2.2']),
  sameClient(
    'IPv4 that is written as IPv6 is IPv4',
    {},
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.2'],
  ),
  sameClient(
    'an IPv6 client is a /56',
    {},
    ['2001:db8:0:ff00::1', '2001:db8:0:ffff::2%eth0'],
    ['2001:db8:0:fe00::1'],
  ),
  sameClient('or a /64', { ipv6Prefix: 64 }, ['2001:db8::1', '2001:db8::2'], ['2001:db8:0:1::1']),

  httpCase('byIp is the default key', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, window: '1m', trustProxy: 1 }))
    same('one', await statuses(2, from(app, '192.0.2.1')), [200, 429])
    same('another', await statuses(1, from(app, '192.0.2.2')), [200])
  }),

  httpCase('trustProxy: the header that an edge sets', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, window: '1m', trustProxy: 'x-edge-client' }))
    const as = (address: string) => async () =>
      app.get('/', { 'x-edge-client': address, 'x-forwarded-for': '203.0.113.7' })
    same('one', await statuses(2, as('192.0.2.1')), [200, 429])
    same('another', await statuses(1, as('192.0.2.2')), [200])
  }),

  httpCase('an address that cannot be known is an error that names the ways out', async ({ open, store }) => {
    const options: CaseOptions = () => ({ store: store(), limit: 1, window: '1m' })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('status', (await app.get()).status, 500)
    const told = String(app.errors[0])
    for (const way of ['trustProxy', 'connInfo', "unknown: 'one-bucket'"]) same(way, told.includes(way), true)
  }),

  httpCase('or all such clients share one limit', async ({ open, store }) => {
    const options: CaseOptions = () => ({
      ...{ store: store(), limit: 2, window: '1m' },
      key: byIp({ unknown: 'one-bucket' }),
    })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('statuses', await statuses(3, app.get), [200, 200, 429])
  }),
]

/** A case in which all of `one` share a limit of as many requests, and `other` is somebody else. */
function sameClient(name: string, ip: { ipv6Prefix?: number }, one: string[], other: string[]): HttpCase {
  return httpCase(`byIp: ${name}`, async ({ open, store }) => {
    const limit = one.length
    const app = await open(() => ({ store: store(), limit, window: '1m', trustProxy: 1, key: byIp(ip) }))
    for (const address of one) same(address, (await from(app, address)()).status, 200)
    for (const address of one) same(`${address} again`, (await from(app, address)()).status, 429)
    for (const address of other) same(address, (await from(app, address)()).status, 200)
  })
}
