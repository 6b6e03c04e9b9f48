import type { Decision } from '../../algorithm.ts'
import { same } from '../../conformance/calls.ts'
import type { HttpCase } from './app.ts'
import { httpCase, limitHeaders, statuses } from './world.ts'

/** Keys that functions give. */
export const keyCases: readonly HttpCase[] = [
  httpCase('does not apply a policy whose key is empty', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      limit: 1,
      window: '10s',
      key: (...args) => header('x-account', ...args) ?? '',
    }))
    const answer = await app.get()
    same('status', answer.status, 200)
    same('headers', limitHeaders(answer), {})
    same('with account', await statuses(2, () => app.get('/', { 'x-account': '7' })), [200, 429])
  }),

  httpCase('keeps a long key as its kind and its hash', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      limit: 2,
      window: '10s',
      key: (...args) => `path:${header('x-path', ...args)}`,
    }))
    const long = 'a'.repeat(3000)
    const seen = JSON.parse((await app.get('/seen', { 'x-path': long })).body) as Decision
    same('key', /^path:[\w-]{22}$/.test(seen.policies[0]?.key ?? ''), true)
    same('the same', await statuses(2, () => app.get('/', { 'x-path': long })), [200, 429])
    same('another', await statuses(1, () => app.get('/', { 'x-path': `${long}a` })), [200])
  }),
]
