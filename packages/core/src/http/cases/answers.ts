import { fixedWindow } from '../../algorithms/fixed-window.ts'
import type { Decision } from '../../algorithm.ts'
import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { CaseResponse, HttpCase } from './app.ts'
import { httpCase } from './world.ts'

const key = byHeader('x-client')
const minute = fixedWindow({ limit: 1, window: '1m' })
const SPREAD_S = 20

/** A header, by arguments of a function that gets more than the framework's own. */
const read = (header: unknown): ((name: string, ...args: readonly unknown[]) => string | undefined) =>
  header as ReturnType<typeof read>

const statusIn = ({ body }: CaseResponse): unknown => (JSON.parse(body) as { status: unknown }).status

/** The wait that each part of a refusal tells, in seconds. */
function waits({ headers, body }: CaseResponse): number[] {
  const [, t] = /;t=(\d+)/.exec(headers['ratelimit'] ?? '') ?? []
  const [, told] = /in (\d+) seconds/.exec(body) ?? []
  return [headers['retry-after'], t, told, headers['x-ratelimit-reset']].map(Number)
}

/** At the limit: when to come back, and by which status and body. */
export const answerCases: readonly HttpCase[] = [
  httpCase(
    'staggers refused clients by the same amount in header fields and body',
    async ({ clock, open, store }) => {
      const app = await open(() => ({
        store: store(),
        algorithm: minute,
        key,
        headers: ['draft-11', 'legacy-delta'],
        retryAfterSpread: `${SPREAD_S}s` as const,
      }))
      same('status', (await app.get()).status, 200)
      const seen = new Set<number>()
      for (let times = 0; times < 10; times++) {
        const told = waits(await app.get())
        const wait = told[0] ?? Number.NaN
        same('told', told, [wait, wait, wait, wait])
        same('within bounds', wait >= 60 && wait <= 60 + SPREAD_S, true)
        seen.add(wait)
      }
      same('staggered', seen.size >= 5, true)
      // It may come back a little later than it has to, and then it passes.
      clock.now += Math.min(...seen) * 1000
      same('status', (await app.get()).status, 200)
    },
  ),

  httpCase('adds nothing to what is allowed, or where waiting does not help', async (world) => {
    const limits = { algorithm: minute, key, retryAfterSpread: '1h' } as const
    const app = await world.open(() => ({ ...limits, store: world.store() }))
    same('t', /;t=(\d+)/.exec((await app.get()).headers['ratelimit'] ?? '')?.[1], '60')
    const never = await world.open(() => ({ ...limits, store: world.store(), cost: 2 }))
    const { status, headers } = await never.get()
    same('status', status, 429)
    same('retry-after', headers['retry-after'], undefined)
  }),

  ...[402, 403, 503].map((status) =>
    httpCase(`refuses with ${status} where told so`, async ({ open, store }) => {
      const app = await open(() => ({ store: store(), limit: 0, window: '1m', key, status }))
      const answer = await app.get()
      same('status', answer.status, status)
      same('type', answer.headers['content-type'], 'application/problem+json')
      same('told', statusIn(answer), status)
      same('retry-after', answer.headers['cache-control'], 'no-store')
    }),
  ),

  httpCase('asks a function for the status of each refusal', async ({ open, store }) => {
    const decisions: Decision[] = []
    const app = await open((header) => ({
      store: store(),
      limit: 0,
      window: '1m',
      key,
      status: (...args) => {
        decisions.push(args.at(-1) as Decision)
        return Number(read(header)('x-status', ...args.slice(0, -1)))
      },
    }))
    for (const status of [402, 503, 400, 599]) {
      const answer = await app.get('/', { 'x-status': `${status}` })
      same('status', answer.status, status)
      same('told', statusIn(answer), status)
    }
    same(
      'decisions',
      decisions.map(({ allowed, policy }) => [allowed, policy]),
      Array.from({ length: 4 }, () => [false, 'default']),
    )
    for (const status of ['399', '600', '429.5', 'none']) {
      const answer = await app.get('/', { 'x-status': status })
      same('status', answer.status, 500)
    }
    same(
      'errors',
      app.errors.map((error) => (error as Error).name),
      Array(4).fill('RangeError'),
    )
  }),

  httpCase('says the default where a function for the body says nothing', async ({ open, store }) => {
    for (const message of [() => undefined, () => null, async () => Promise.resolve(undefined)]) {
      const app = await open(() => ({ store: store(), limit: 0, window: '1m', key, message }))
      const answer = await app.get()
      same('type', answer.headers['content-type'], 'application/problem+json')
      same('status', statusIn(answer), 429)
    }
  }),
]
