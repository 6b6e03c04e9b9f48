import { same } from '../../conformance/calls.ts'
import { byHeader, byIp } from '../keys.ts'
import type { CaseLimiter, CaseOptions, HttpCase } from './app.ts'
import { from, httpCase, limitHeaders, statuses } from './world.ts'

const key = byHeader('x-client')
const minute = { window: '1m', key } as const

const FORBIDDEN = '{"type":"about:blank","title":"Forbidden","status":403}'

/** Who is not limited, and who is not let in. */
export const listCases: readonly HttpCase[] = [
  httpCase('skip: a list looks at the client and not at the proxy', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      limit: 0,
      ...minute,
      skip: ['10.0.0.0/8', '2001:db8::/32'],
      trustProxy: 2,
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
        store: store(),
        limit: 0,
        ...minute,
        skip: (...args) => header('x-staff', ...args) === 'yes' && answer,
      }))
      same('staff', await statuses(1, () => app.get('/', { 'x-staff': 'yes' })), [200])
      same('others', await statuses(1, app.get), [429])
    }
  }),

  httpCase('skip: what is skipped is not counted', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      limit: 1,
      ...minute,
      skip: (...args) => header('x-staff', ...args) === 'yes',
    }))
    await statuses(3, () => app.get('/', { 'x-staff': 'yes' }))
    same('then', await statuses(2, app.get), [200, 429])
  }),

  httpCase('deny: a list looks at the client and not at the proxy', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      limit: 1,
      ...minute,
      deny: ['203.0.113.0/24'],
      trustProxy: ['loopback', '10.0.0.0/8'],
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
        store: store(),
        limit: 1,
        ...minute,
        deny: (...args) => header('user-agent', ...args) === 'bad bot' && answer,
      }))
      same('bots', await statuses(3, () => app.get('/', { 'user-agent': 'bad bot' })), [403, 403, 403])
      same('others', await statuses(2, app.get), [200, 429])
    }
  }),

  httpCase('lists see the client that byIp sees, by its connInfo', async ({ open, store }) => {
    const options: CaseOptions = (header) => ({
      store: store(),
      limit: 1,
      window: '1m',
      key: byIp({ connInfo: (...args) => ({ remote: { address: header('x-peer', ...args) } }) }),
      skip: ['203.0.113.7'],
      deny: ['203.0.113.0/24'],
    })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    const as = (peer: string) => async () => app.get('/', { 'x-peer': peer })
    same('skipped', await statuses(2, as('203.0.113.7')), [200, 200])
    same('denied', await statuses(2, as('203.0.113.8')), [403, 403])
    same('others', await statuses(2, as('198.51.100.1')), [200, 429])
  }),

  httpCase('lists fail where the address cannot be known', async ({ open, store }) => {
    for (const option of ['skip', 'deny'] as const) {
      const limiter: CaseLimiter = {
        options: () => ({ store: store(), limit: 1, ...minute, [option]: ['203.0.113.7'] }),
      }
      const app = await open({ limiters: [limiter], withoutAddresses: true })
      same(option, (await app.get()).status, 500)
      same('told', String(app.errors[0]).includes("unknown: 'one-bucket'"), true)
    }
  }),

  httpCase('deny comes before the exemption of CORS preflights', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      limit: 1,
      ...minute,
      deny: ['203.0.113.0/24'],
      trustProxy: 1,
    }))
    const preflight = async (address: string): Promise<number> => {
      const headers = { 'access-control-request-method': 'POST', 'x-forwarded-for': address }
      return (await app.send({ method: 'OPTIONS', headers })).status
    }
    same('denied', await preflight('203.0.113.7'), 403)
    for (let time = 0; time < 3; time++) {
      const status = await preflight('198.51.100.1')
      same('refused', status === 403 || status === 429, false)
    }
  }),

  httpCase('skip comes before deny', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      limit: 0,
      ...minute,
      skip: ['203.0.113.7'],
      deny: ['203.0.113.0/24'],
      trustProxy: 1,
    }))
    same('skipped', await statuses(1, from(app, '203.0.113.7')), [200])
    same('denied', await statuses(1, from(app, '203.0.113.8')), [403])
  }),
]
