import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { HttpCase } from './app.ts'
import { httpCase, limitHeaders, statuses } from './world.ts'

const key = byHeader('x-client')
const everyTen = { window: '10s', key } as const

/** Who is charged, how much, and when. */
export const countingCases: readonly HttpCase[] = [
  httpCase('lets exactly the limit pass, one after the other', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 3, ...everyTen }))
    same('statuses', await statuses(5, app.get), [200, 200, 200, 429, 429])
  }),

  httpCase('lets exactly the limit pass, all sent at once', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 3, ...everyTen }))
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.get()))
    same('passed', answers.filter(({ status }) => status === 200).length, 3)
  }),

  httpCase(
    'lets exactly the limit pass, all sent at once, whose keys are looked up',
    async ({ open, store }) => {
      const app = await open((header) => ({
        store: store(),
        limit: 3,
        window: '10s',
        key: async (...args) => Promise.resolve(header('x-client', ...args)),
      }))
      const answers = await Promise.all(Array.from({ length: 5 }, () => app.get()))
      same('passed', answers.filter(({ status }) => status === 200).length, 3)
    },
  ),

  httpCase('lets a client pass again at the very end of the wait', async ({ open, store, clock }) => {
    const algorithm = fixedWindow({ limit: 1, window: '10s' })
    const app = await open(() => ({ store: store(), algorithm, key }))
    same('statuses', await statuses(2, app.get), [200, 429])
    clock.now += 9999
    same('one millisecond sooner', (await app.get()).status, 429)
    clock.now += 1
    same('then', (await app.get()).status, 200)
  }),

  httpCase('keeps clients apart', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, ...everyTen }))
    same('ada', await statuses(2, app.get), [200, 429])
    same('bob', await statuses(2, () => app.get('/', { 'x-client': 'bob' })), [200, 429])
  }),

  httpCase(
    'charges what the cost function says, and nothing for what it refuses',
    async ({ open, store }) => {
      const app = await open((header) => ({
        store: store(),
        limit: 10,
        ...everyTen,
        cost: (...args) => Number(header('x-cost', ...args)),
      }))
      const spend = (cost: string) => async () => app.get('/', { 'x-cost': cost })
      same('7 of 10', await statuses(1, spend('7')), [200])
      same('5 of the 3 that are left', await statuses(5, spend('5')), [429, 429, 429, 429, 429])
      same('3 of 3', await statuses(1, spend('3')), [200])
      same('0 of 0', await statuses(1, spend('0')), [200])
    },
  ),

  httpCase('charges all policies or none', async ({ open, store, clock }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'burst', algorithm: fixedWindow({ limit: 2, window: '1s' }), key },
        { name: 'daily', algorithm: fixedWindow({ limit: 5, window: '1d' }), key },
      ],
    }))
    same('statuses', await statuses(10, app.get), [200, 200, ...Array<number>(8).fill(429)])
    clock.now += 1000
    same('left', (await app.get()).headers['ratelimit'], '"burst";r=1;t=1, "daily";r=2;t=86399')
  }),

  httpCase('does not apply a policy whose key there is not', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'account', limit: 1, window: '10s', key: byHeader('x-account') },
        { name: 'client', limit: 3, ...everyTen, when: () => true },
      ],
    }))
    same('without account', await statuses(2, app.get), [200, 200])
    same('with account', await statuses(2, () => app.get('/', { 'x-account': '7' })), [200, 429])
  }),

  httpCase('says nothing where no policy applies', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      limit: 0,
      ...everyTen,
      when: (...args) => header('x-limited', ...args) === 'yes',
    }))
    const answer = await app.get()
    same('status', answer.status, 200)
    same('headers', limitHeaders(answer), {})
    same('where it applies', (await app.get('/', { 'x-limited': 'yes' })).status, 429)
  }),

  httpCase('keeps a shadow policy to itself', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'trial', mode: 'shadow', limit: 1, ...everyTen },
        { name: 'real', limit: 3, ...everyTen },
      ],
    }))
    same('statuses', await statuses(3, app.get), [200, 200, 200])
    const denied = await app.get()
    same('status', denied.status, 429)
    const told = JSON.stringify(limitHeaders(denied)) + denied.body
    same('trial is told of', told.includes('trial'), false)
    same('real is told of', told.includes('real'), true)
  }),

  httpCase('neither counts nor limits a CORS preflight', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, ...everyTen }))
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    }
    for (let time = 0; time < 3; time++) {
      const answer = await app.send(preflight)
      same('limited', answer.status === 429, false)
      same('headers', limitHeaders(answer), {})
    }
    same('statuses', await statuses(2, app.get), [200, 429])
    same('an OPTIONS that is no preflight', (await app.send({ method: 'OPTIONS' })).status, 429)
  }),

  httpCase('lets everything pass, uncounted, while it is not enabled', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 0, ...everyTen, enabled: false }))
    const answer = await app.get()
    same('status', answer.status, 200)
    same('headers', limitHeaders(answer), {})
  }),
]
