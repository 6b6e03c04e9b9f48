import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { CaseApp, CaseResponse, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders, type World } from './world.ts'

const key = byHeader('x-client')
const DETAIL = 'Limit of 2 requests per minute reached. Try again in 13 seconds.'
const PROBLEM = {
  type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  title: 'Quota Exceeded',
  status: 429,
  detail: DETAIL,
  'violated-policies': ['default'],
}
const HEADERS = {
  ratelimit: '"default";r=0;t=13',
  'ratelimit-policy': '"default";q=2;w=60',
  'retry-after': '13',
  'x-ratelimit-limit': '2',
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': '1790000061',
  'x-ratelimit-used': '2',
}

type Answering = Pick<CaseApp['limiters'][number], 'respond'> & {
  status?: number
  message?: string | object | ((...args: readonly unknown[]) => string | object | Promise<string | object>)
}

/** An app whose client has used up its limit, 12,345 ms before the window ends. */
async function usedUp(
  { open, store, clock }: World,
  { respond, ...answer }: Answering = {},
  more: Partial<CaseApp> = {},
): Promise<Client> {
  const algorithm = fixedWindow({ limit: 2, window: '1m' })
  const limiter = {
    options: () => ({ store: store(), algorithm, key, ...answer }),
    ...(respond && { respond }),
  }
  const app = await open({ limiters: [limiter], ...more })
  await app.get()
  await app.get()
  clock.now += 47_655
  return app
}

function refused(answer: CaseResponse, status: number, type: string, body: string): void {
  same('status', answer.status, status)
  same('content-type', answer.headers['content-type']?.toLowerCase(), type)
  same('body', answer.body, body)
  same('headers', limitHeaders(answer), HEADERS)
  same('cache-control', answer.headers['cache-control'], 'no-store')
}

/** What a refused client is told. */
export const denialCases: readonly HttpCase[] = [
  httpCase('refuses with 429, a problem document, the wait, and all headers', async (world) => {
    const app = await usedUp(world)
    refused(await app.get(), 429, 'application/problem+json', JSON.stringify(PROBLEM))
  }),

  httpCase('tells clients that prefer text the same sentence (S25)', async (world) => {
    const app = await usedUp(world)
    refused(await app.get('/', { accept: 'text/html' }), 429, 'text/plain; charset=utf-8', DETAIL)
  }),

  httpCase('answers HEAD with the headers of GET and without a body (S33)', async (world) => {
    const app = await usedUp(world)
    const head = await app.send({ method: 'HEAD' })
    refused(head, 429, 'application/problem+json', '')
  }),

  httpCase('takes from a refusal what the app said of caching', async (world) => {
    const before = {
      'cache-control': 'public, max-age=60',
      etag: '"1"',
      'last-modified': 'Mon, 21 Sep 2026 14:13:00 GMT',
      expires: 'Tue, 22 Sep 2026 14:13:00 GMT',
      'x-request-id': '17',
    }
    const { headers } = await (await usedUp(world, {}, { before })).get()
    same('cache-control', headers['cache-control'], 'no-store')
    for (const name of ['etag', 'last-modified', 'expires']) same(name, headers[name], undefined)
    same('what else it said', headers['x-request-id'], '17')
  }),

  httpCase('refuses with the status of your choice, and says so in the body', async (world) => {
    const app = await usedUp(world, { status: 503 })
    const body = JSON.stringify({ ...PROBLEM, status: 503 })
    refused(await app.get(), 503, 'application/problem+json', body)
  }),

  httpCase('refuses with a text of your own', async (world) => {
    const app = await usedUp(world, { message: 'slow down' })
    refused(await app.get(), 429, 'text/plain; charset=utf-8', 'slow down')
  }),

  httpCase('refuses with an object of your own', async (world) => {
    const app = await usedUp(world, { message: { error: 'slow down' } })
    refused(await app.get(), 429, 'application/json; charset=utf-8', '{"error":"slow down"}')
  }),

  httpCase('refuses with what a function makes of the decision', async (world) => {
    const message = (...args: readonly unknown[]): string => {
      const { policy, retryAfterMs } = args.at(-1) as { policy: string; retryAfterMs: number }
      return `${policy}: ${retryAfterMs}`
    }
    const app = await usedUp(world, { message })
    refused(await app.get(), 429, 'text/plain; charset=utf-8', 'default: 12345')
  }),

  httpCase('refuses with what a function finds out later', async (world) => {
    const app = await usedUp(world, { message: async () => Promise.resolve({ error: 'busy' }) })
    refused(await app.get(), 429, 'application/json; charset=utf-8', '{"error":"busy"}')
  }),

  httpCase('lets you answer refused requests, with the headers set', async (world) => {
    const app = await usedUp(world, { respond: { status: 420, body: 'enhance your calm' } })
    const answer = await app.get()
    same('status', answer.status, 420)
    same('body', answer.body, 'enhance your calm')
    same('headers', limitHeaders(answer), HEADERS)
    same('cache-control', answer.headers['cache-control'], 'no-store')
  }),

  httpCase('names the policies that refused, and of waits the longest', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      policies: [
        { name: 'burst', algorithm: fixedWindow({ limit: 1, window: '1s' }), key },
        { name: 'hourly', algorithm: fixedWindow({ limit: 1, window: '1h' }), key },
        { name: 'daily', algorithm: fixedWindow({ limit: 9, window: '1d' }), key },
      ],
    }))
    await app.get()
    const { headers, body } = await app.get()
    const problem = JSON.parse(body) as Record<string, unknown>
    same('retry-after', headers['retry-after'], '3600')
    same('policies', problem['violated-policies'], ['burst', 'hourly'])
    same('ratelimit', headers['ratelimit'], '"burst";r=0;t=1, "hourly";r=0;t=3600, "daily";r=8;t=86400')
  }),

  httpCase('sends no Retry-After where waiting does not help', async ({ open, store }) => {
    const app = await open(() => ({ store: store(), limit: 5, window: '1m', key, cost: 6 }))
    const { status, headers } = await app.get()
    same('status', status, 429)
    same('retry-after', headers['retry-after'], undefined)
  }),
]
