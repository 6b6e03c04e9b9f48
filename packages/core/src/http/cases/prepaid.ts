import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { prepaid } from '../../algorithms/prepaid.ts'
import { same } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import type { Limiter } from '../../limiter-types.ts'
import type { Mode } from '../../store.ts'
import type { CaseResponse, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders, type World } from './world.ts'

interface Shop {
  readonly app: Client
  /** What the middleware and whoever sells credits share. */
  readonly bank: Limiter<Mode, 'credits'>
  /** Asks for so many units. */
  spend(cost: number, headers?: Record<string, string>): Promise<CaseResponse>
}

/** An app whose requests cost credits, as many as they say. */
async function shop({ open, store }: World, options: { status?: number } = {}): Promise<Shop> {
  const bank = createLimiter({ store: store(), name: 'credits', algorithm: prepaid() })
  const app = await open((header) => ({
    limiter: bank,
    key: (...args) => header('x-client', ...args),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
    ...options,
  }))
  return { app, bank, spend: async (cost, headers) => app.get('/', { 'x-cost': `${cost}`, ...headers }) }
}

const problemOf = ({ body }: CaseResponse): Record<string, unknown> =>
  JSON.parse(body) as Record<string, unknown>

/** Balances that are bought: they have no window, and no wait brings anything back. */
export const prepaidCases: readonly HttpCase[] = [
  httpCase('refuses without Retry-After who has no credits, until some are granted', async (world) => {
    const { bank, spend } = await shop(world)
    const refused = await spend(1)
    same('status', refused.status, 429)
    same('headers', limitHeaders(refused), {
      ratelimit: '"credits";r=0',
      'ratelimit-policy': '"credits";q=0;qu="credits"',
    })
    same('cache-control', refused.headers['cache-control'], 'no-store')
    same('body', problemOf(refused), {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Quota Exceeded',
      status: 429,
      detail: 'No credits left.',
      'violated-policies': ['credits'],
    })
    await bank.grant('ada', 5, { id: 'payment 1' })
    await bank.grant('ada', 5, { id: 'payment 1' })
    const served = await spend(3)
    same('served', served.status, 200)
    same('headers of what is served', limitHeaders(served), {
      ratelimit: '"credits";r=2',
      'ratelimit-policy': '"credits";q=5;qu="credits"',
    })
    same('another client', (await spend(1, { 'x-client': 'eve' })).status, 429)
  }),

  httpCase('tells who has too few credits what the request costs', async (world) => {
    const { bank, spend } = await shop(world)
    await bank.grant('ada', 3, { id: 'payment 1' })
    const refused = await spend(5)
    same('detail', problemOf(refused)['detail'], 'This request costs 5; 3 credits are left.')
    same('retry-after', refused.headers['retry-after'], undefined)
    await spend(2)
    same('one', (await spend(2, { accept: 'text/plain' })).body, 'This request costs 2; 1 credit is left.')
    await spend(1)
    same('none', (await spend(2, { accept: 'text/plain' })).body, 'No credits left.')
  }),

  httpCase('answers with 402 where it is told to', async (world) => {
    const { bank, spend } = await shop(world, { status: 402 })
    same('refused', (await spend(1)).status, 402)
    await bank.grant('ada', 1, { id: 'payment 1' })
    same('served', (await spend(1)).status, 200)
  }),

  httpCase(
    'names credits as it is told to, beside a window in formats with room for one',
    async ({ open, store }) => {
      const shared = store()
      const algorithm = prepaid()
      const bank = createLimiter({ store: shared, shared: true, name: 'paid', algorithm })
      const app = await open((header) => ({
        store: shared,
        shared: true,
        policies: [
          {
            name: 'paid',
            algorithm,
            unit: 'gpu-minutes',
            cost: 2,
            key: (...args) => header('x-client', ...args),
          },
          { name: 'burst', algorithm: fixedWindow({ limit: 2, window: '1m' }), key: () => 'all' },
        ],
      }))
      await bank.grant('ada', 5, { id: 'payment 1' })
      const first = limitHeaders(await app.get())
      same('ratelimit', first['ratelimit'], '"paid";r=3, "burst";r=1;t=60')
      same('ratelimit-policy', first['ratelimit-policy'], '"paid";q=5;qu="gpu-minutes", "burst";q=2;w=60')
      same('x-ratelimit-limit', first['x-ratelimit-limit'], '2')
      await app.get()
      const windowed = await app.get()
      same('refused by the window too', problemOf(windowed)['violated-policies'], ['paid', 'burst'])
      same('detail', problemOf(windowed)['detail'], 'This request costs 2; 1 gpu minute is left.')
      same('retry-after', windowed.headers['retry-after'], undefined)
      await bank.grant('ada', 5, { id: 'payment 2' })
      const waiting = await app.get()
      same('refused by the window', waiting.headers['retry-after'], '60')
      same('of which nothing was paid', waiting.headers['ratelimit'], '"paid";r=6, "burst";r=0;t=60')
    },
  ),
]
