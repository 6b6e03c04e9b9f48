import { same } from '../../conformance/calls.ts'
import { byIp } from '../keys.ts'
import type { CaseOptions, HttpCase } from './app.ts'
import { from, httpCase, statuses } from './world.ts'

/** Who is who. */
export const clientCases: readonly HttpCase[] = [
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

  httpCase('trustProxy: a proxy that has no address itself tells its clients', async ({ open, store }) => {
    const options: CaseOptions = () => ({ store: store(), limit: 1, window: '1m', trustProxy: 1 })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('one', await statuses(2, from(app, '192.0.2.1')), [200, 429])
    same('another', await statuses(1, from(app, '192.0.2.2')), [200])
  }),

  httpCase('an address that cannot be known is an error that names the ways out', async ({ open, store }) => {
    const options: CaseOptions = () => ({ store: store(), limit: 1, window: '1m' })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('status', (await app.get()).status, 500)
    const told = String(app.errors[0])
    for (const way of ['trustProxy', 'connInfo', "unknown: 'one-bucket'"]) same(way, told.includes(way), true)
  }),

  httpCase('so is one whose connInfo fails, and it tells why', async ({ open, store }) => {
    const connInfo = (..._request: readonly unknown[]): never => {
      throw new Error('no connection')
    }
    const options: CaseOptions = () => ({ store: store(), limit: 1, window: '1m', key: byIp({ connInfo }) })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('status', (await app.get()).status, 500)
    same('told', String(app.errors[0]).includes('address is not known'), true)
    same('cause', String((app.errors[0] as Error).cause), 'Error: no connection')
  }),

  httpCase('or all such clients share one limit', async ({ open, store }) => {
    const options: CaseOptions = () => ({
      store: store(),
      limit: 2,
      window: '1m',
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
