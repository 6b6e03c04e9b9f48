import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import type { HeadersOption } from '../headers.ts'
import { byHeader } from '../keys.ts'
import type { CaseLimiter, HttpCase } from './app.ts'
import { httpCase, limitHeaders, members, type World } from './world.ts'

const key = byHeader('x-client')
const minute = fixedWindow({ limit: 5, window: '1m' })
const hour = fixedWindow({ limit: 100, window: '1h' })

/** What each format says of the first of 5 requests a minute. */
const FORMATS: [HeadersOption, Record<string, string>][] = [
  ['draft-11', { ratelimit: '"default";r=4;t=60', 'ratelimit-policy': '"default";q=5;w=60' }],
  ['draft-10', { ratelimit: '"default";r=4;t=60', 'ratelimit-policy': '"default";q=5;w=60' }],
  ['draft-9', { ratelimit: '"default";r=4;t=60', 'ratelimit-policy': '"default";q=5;w=60' }],
  ['draft-8', { ratelimit: '"default";r=4;t=60', 'ratelimit-policy': '"default";q=5;w=60' }],
  ['draft-7', { ratelimit: 'limit=5, remaining=4, reset=60', 'ratelimit-policy': '5;w=60' }],
  ['draft-6', { ...fields('', '5'), 'ratelimit-policy': '5;w=60' }],
  ['draft-3', fields('', '5, 5;w=60')],
  ['legacy', { ...fields('x-', '5', '1790000061'), 'x-ratelimit-used': '1' }],
  ['legacy-delta', { ...fields('x-', '5'), 'x-ratelimit-used': '1' }],
  [
    ['draft-6', 'legacy-delta'],
    { ...fields('', '5'), ...fields('x-', '5'), 'ratelimit-policy': '5;w=60', 'x-ratelimit-used': '1' },
  ],
  [[], {}],
  [false, {}],
]

function fields(prefix: string, limit: string, reset = '60'): Record<string, string> {
  const name = `${prefix}ratelimit`
  return { [`${name}-limit`]: limit, [`${name}-remaining`]: '4', [`${name}-reset`]: reset }
}

const sorted = (record: object): object =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Two limiters, the wider one first, with stores of their own. */
const two = ({ store }: World, headers: HeadersOption): CaseLimiter[] => [
  { options: () => ({ store: store(), headers, policies: [{ name: 'hour', algorithm: hour, key }] }) },
  { options: () => ({ store: store(), headers, policies: [{ name: 'minute', algorithm: minute, key }] }) },
]

/** Which header fields a response carries, and what they say. */
export const headerCases: readonly HttpCase[] = [
  ...FORMATS.map(([headers, expected]) =>
    httpCase(`headers: ${JSON.stringify(headers)}`, async ({ open, store }) => {
      const app = await open(() => ({ store: store(), algorithm: minute, key, headers }))
      same('headers', limitHeaders(await app.get()), sorted(expected))
    }),
  ),

  httpCase('sends the newest draft and the X-RateLimit fields by default', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), algorithm: minute, key }))
    const both = { ...FORMATS[0]?.[1], ...FORMATS[7]?.[1] }
    same('headers', limitHeaders(await app.get()), sorted(both))
  }),

  httpCase('sends Retry-After with a refusal even without headers', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 0, window: '1m', key, headers: false }))
    const answer = await app.get()
    same('status', answer.status, 429)
    same('cache-control', answer.headers['cache-control'], 'no-store')
  }),

  httpCase('shows two limiters on one response (S31)', async (world) => {
    const app = await world.open({ limiters: two(world, 'draft-11') })
    const { headers } = await app.get()
    same('ratelimit', members(headers['ratelimit']), ['"hour";r=99;t=3600', '"minute";r=4;t=60'])
    same('policies', members(headers['ratelimit-policy']), ['"hour";q=100;w=3600', '"minute";q=5;w=60'])
  }),

  ...(['draft-7', 'draft-6', 'draft-3', 'legacy', 'legacy-delta'] as const).map((format) =>
    httpCase(
      `keeps of two limiters the tighter one where there is room for one: ${format}`,
      async (world) => {
        const [wide, tight] = two(world, format) as [CaseLimiter, CaseLimiter]
        for (const limiters of [
          [wide, tight],
          [tight, wide],
        ]) {
          const { headers } = await (await world.open({ limiters })).get()
          const left = headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']
          same('left', left ?? /remaining=(\d+)/.exec(headers['ratelimit'] ?? '')?.[1], '4')
        }
      },
    ),
  ),

  httpCase('lets the first limiter stand when the second refuses', async (world) => {
    const third: CaseLimiter = { options: () => ({ store: world.store(), limit: 0, window: '1s', key }) }
    const limiters = [...two(world, 'draft-11'), third]
    const { status, headers } = await (await world.open({ limiters })).get()
    same('status', status, 429)
    const all = ['"default";r=0;t=1', '"hour";r=99;t=3600', '"minute";r=4;t=60']
    same('ratelimit', members(headers['ratelimit']), all)
  }),

  httpCase(
    'exposes its fields to scripts of other origins, beside what is exposed already (S26)',
    async (world) => {
      const limiter: CaseLimiter = {
        options: () => ({
          store: world.store(),
          limit: 1,
          window: '1m',
          key,
          headers: 'draft-11',
          expose: true,
        }),
      }
      const app = await world.open({
        limiters: [limiter],
        before: { 'access-control-expose-headers': 'ETag, ratelimit' },
      })
      const exposed = 'ETag, ratelimit, RateLimit-Policy, Retry-After'
      for (const status of [200, 429]) {
        const answer = await app.get()
        same('status', answer.status, status)
        same('exposed', answer.headers['access-control-expose-headers'], exposed)
      }
    },
  ),

  httpCase('exposes nothing unless told to', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 1, window: '1m', key }))
    same('exposed', (await app.get()).headers['access-control-expose-headers'], undefined)
  }),

  httpCase('names policies in valid structured fields, whatever their names', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      headers: 'draft-11',
      policies: [
        { name: 'say "hi"', algorithm: minute, key },
        { name: 'C:\\a, "b";r=9', algorithm: hour, key },
      ],
    }))
    same('headers', limitHeaders(await app.get()), {
      ratelimit: String.raw`"say \"hi\"";r=4;t=60, "C:\\a, \"b\";r=9";r=99;t=3600`,
      'ratelimit-policy': String.raw`"say \"hi\"";q=5;w=60, "C:\\a, \"b\";r=9";q=100;w=3600`,
    })
  }),

  httpCase('tells units and partition keys', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      algorithm: minute,
      key: () => 'user:42',
      headers: 'draft-11',
      unit: 'content-bytes',
      partitionKey: { secret: 'k'.repeat(32) },
    }))
    same('headers', limitHeaders(await app.get()), {
      ratelimit: '"default";r=4;t=60;pk=:n/k6QK3I1AmO:',
      'ratelimit-policy': '"default";q=5;qu="content-bytes";w=60;pk=:n/k6QK3I1AmO:',
    })
  }),
]
