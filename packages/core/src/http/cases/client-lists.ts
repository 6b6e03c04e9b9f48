import { same } from '../../conformance/calls.ts'
import { clientList } from '../client-list.ts'
import { byHeader, byUser, headerKey } from '../keys.ts'
import type { CaseOptions, HttpCase } from './app.ts'
import { from, httpCase, limitHeaders, statuses } from './world.ts'

/** Lists that change while the app runs. */
export const clientListCases: readonly HttpCase[] = [
  httpCase('lists change by address: the next request goes by them', async ({ open, store }) => {
    const [skip, deny] = [clientList(), clientList({ addresses: ['203.0.113.0/24'] })]
    const app = await open(() => ({ store: store(), limit: 0, window: '1m', trustProxy: 1, skip, deny }))
    const [one, other] = [from(app, '203.0.113.7'), from(app, '2001:db8::7')]
    same('at first', [(await one()).status, (await other()).status], [403, 429])

    deny.add({ addresses: ['2001:db8::/32'] })
    deny.remove({ addresses: ['203.0.113.0/24'] })
    same('the other way round', [(await one()).status, (await other()).status], [429, 403])

    skip.add({ addresses: ['203.0.113.7', '2001:db8::7'] })
    const skipped = await one()
    same('skipped', [skipped.status, limitHeaders(skipped)], [200, {}])
    same('skip comes before deny', (await other()).status, 200)

    skip.replace({})
    deny.replace({ addresses: ['198.51.100.1'] })
    same('at last', [(await one()).status, (await other()).status], [429, 429])
  }),

  httpCase('lists change by key: that of any policy', async ({ open, store }) => {
    const [skip, deny] = [clientList(), clientList()]
    const app = await open((header) => ({
      store: store(),
      policies: [
        { name: 'user', limit: 2, window: '1m', key: byUser((...args) => header('x-user', ...args)) },
        { name: 'client', limit: 9, window: '1m', key: byHeader('x-client') },
      ],
      skip,
      deny,
    }))
    const as = (user: string) => async () => app.get('/', { 'x-user': user })
    same('at first', (await as('1')()).status, 200)
    deny.add({ keys: ['user:1'] })
    const denied = await as('1')()
    same('denied', [denied.status, limitHeaders(denied)], [403, {}])
    same('another user', (await as('2')()).status, 200)
    skip.add({ keys: [await headerKey('x-client', 'ada')] })
    same('skipped, by the key of another policy', await statuses(3, as('1')), [200, 200, 200])
    skip.remove({ keys: [await headerKey('x-client', 'ada')] })
    deny.remove({ keys: ['user:1'] })
    same('only the first was counted', await statuses(2, as('1')), [200, 429])
  }),

  httpCase('a list of keys asks for no address', async ({ open, store }) => {
    const deny = clientList({ keys: ['bob'] })
    const options: CaseOptions = (header) => ({
      store: store(),
      limit: 9,
      window: '1m',
      key: (...args) => header('x-client', ...args),
      deny,
    })
    const app = await open({ limiters: [{ options }], withoutAddresses: true })
    same('bob', (await app.get('/', { 'x-client': 'bob' })).status, 403)
    same('ada', (await app.get()).status, 200)
    deny.add({ addresses: ['203.0.113.7'] })
    same('one with addresses does', (await app.get()).status, 500)
  }),

  httpCase('one list may serve several limiters', async ({ open, store }) => {
    const deny = clientList({ keys: ['ada'] })
    const options: CaseOptions = (header) => ({
      store: store(),
      limit: 9,
      window: '1m',
      key: (...args) => header('x-client', ...args),
      deny,
    })
    const app = await open({ limiters: [], subLimiters: [{ options }] })
    const both = await open(options)
    same('on it', [(await app.get('/sub/here')).status, (await both.get()).status], [403, 403])
    deny.replace({})
    same('not on it', [(await app.get('/sub/here')).status, (await both.get()).status], [200, 200])
  }),
]
