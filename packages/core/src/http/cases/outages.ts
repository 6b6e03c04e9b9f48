import type { DecisionSource } from '../../algorithm.ts'
import { same } from '../../conformance/calls.ts'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Charge, Ruling, Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseApp, CaseResponse, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders, remaining, type World } from './world.ts'

const key = byHeader('x-client')
const WAIT = 'Request refused. Try again in 2 seconds.'
const PROBLEM = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: WAIT }

/** A store as a failure policy has it: it answers for itself while `ruling` says so. */
function guardedStore(
  inner: Store,
  ruling: (charges: readonly Charge[]) => MaybePromise<Ruling>,
): Store<'async'> {
  return {
    mode: 'async',
    open: inner.open,
    take: async (charges) => Promise.resolve(ruling(charges)),
    forget: async (slot, name) => Promise.resolve(inner.forget(slot, name)),
    ...(inner.wallClock && { wallClock: inner.wallClock }),
  }
}

/** A ruling of nobody who knows the limits. */
const blind = ({ clock }: World, allowed: boolean): Ruling => ({
  allowed,
  at: clock.now,
  source: 'failure-policy',
  told: [],
  retryAfterMs: allowed ? 0 : 1234,
})

type Answering = Pick<CaseApp['limiters'][number], 'respond'> & {
  status?: number
  message?: string
  expose?: boolean
}

/** An app whose store does not answer, and whose failure policy refuses. */
async function shut(
  world: World,
  { respond, ...answer }: Answering = {},
  more: Partial<CaseApp> = {},
): Promise<Client> {
  const store = guardedStore(world.store(), () => blind(world, false))
  const options = (): object => ({ store, limit: 5, window: '1m', key, ...answer })
  return world.open({ limiters: [{ options, ...(respond && { respond }) }], ...more })
}

function unavailable(answer: CaseResponse, type: string, body: string): void {
  same('status', answer.status, 503)
  same('content-type', answer.headers['content-type']?.toLowerCase(), type)
  same('body', answer.body, body)
  same('headers', limitHeaders(answer), { 'retry-after': '2' })
  same('cache-control', answer.headers['cache-control'], 'no-store')
}

/** What clients are told while the store does not answer. */
export const outageCases: readonly HttpCase[] = [
  httpCase('refuses with 503 and the wait, and tells nothing of limits (S32)', async (world) => {
    unavailable(await (await shut(world)).get(), 'application/problem+json', JSON.stringify(PROBLEM))
  }),

  httpCase('tells clients that prefer text the same sentence with 503', async (world) => {
    const app = await shut(world)
    unavailable(await app.get('/', { accept: 'text/html' }), 'text/plain; charset=utf-8', WAIT)
  }),

  httpCase('takes status and message as meant for refusals by limits', async (world) => {
    const app = await shut(world, { status: 420, message: 'too many requests' })
    unavailable(await app.get(), 'application/problem+json', JSON.stringify(PROBLEM))
  }),

  httpCase('takes from 503 what the app said of caching', async (world) => {
    const before = { 'cache-control': 'public, max-age=60', etag: '"1"' }
    const { headers } = await (await shut(world, {}, { before })).get()
    same('cache-control', headers['cache-control'], 'no-store')
    same('etag', headers['etag'], undefined)
  }),

  httpCase('lets you answer where the store does not, with the headers set', async (world) => {
    const app = await shut(world, { respond: { status: 500, body: 'in our own words' } })
    const answer = await app.get()
    same('status', answer.status, 500)
    same('body', answer.body, 'in our own words')
    same('headers', limitHeaders(answer), { 'retry-after': '2' })
  }),

  httpCase('serves without headers where the failure policy allows (S32)', async (world) => {
    const store = guardedStore(world.store(), () => blind(world, true))
    const app = await world.open(() => ({ store, limit: 5, window: '1m', key }))
    const answer = await app.get()
    same('status', answer.status, 200)
    same('headers', limitHeaders(answer), {})
    const seen = JSON.parse((await app.get('/seen')).body) as { source: DecisionSource; policies: unknown[] }
    same('what handlers see', [seen.source, seen.policies], ['failure-policy', []])
  }),

  httpCase('shows of a remembered refusal only the policy that refused', async (world) => {
    const inner = world.store()
    const store = guardedStore(inner, (charges) => {
      const told = charges.filter(({ slot }) => slot.name === 'hourly')
      for (const charge of told) Object.assign(charge, { retryAfterMs: 60_000, resetMs: 90_000 })
      return { allowed: false, at: world.clock.now, source: 'deny-cache', told }
    })
    const app = await world.open(() => ({
      store,
      policies: [
        { name: 'burst', limit: 5, window: '1s', key },
        { name: 'hourly', limit: 9, window: '1h', key },
      ],
    }))
    const { status, headers, body } = await app.get()
    same('status', status, 429)
    same('ratelimit', headers['ratelimit'], '"hourly";r=0;t=60')
    same('ratelimit-policy', headers['ratelimit-policy'], '"hourly";q=9;w=3600')
    same('x-ratelimit-limit', headers['x-ratelimit-limit'], '9')
    same('retry-after', headers['retry-after'], '60')
    same('policies', (JSON.parse(body) as Record<string, unknown>)['violated-policies'], ['hourly'])
  }),

  httpCase('asks the store for its failure policy, and is told by it', async (world) => {
    const inner = world.store()
    const told: unknown[] = []
    const store: Store<'async'> = {
      ...guardedStore(inner, inner.take),
      guarded(onStoreError, on) {
        on.storeFailing?.({ error: onStoreError })
        return guardedStore(inner, () => blind(world, false))
      },
    }
    const app = await world.open(() => ({
      store,
      limit: 5,
      window: '1m',
      key,
      onStoreError: 'deny',
      on: { storeFailing: ({ error }) => told.push(error) },
    }))
    same('told', told, ['deny'])
    same('status', (await app.get()).status, 503)
  }),

  ...(['throws', 'rejects'] as const).map((way) =>
    httpCase(`a store that ${way} reaches the error handler, and no headers are sent`, async (world) => {
      const inner = world.store()
      let failing = true
      const broken = {
        ...guardedStore(inner, inner.take),
        mode: way === 'throws' ? 'sync' : 'async',
      } as Store
      const take: Store['take'] = (charges) => {
        const error = new Error('the store is down')
        if (way === 'throws') {
          if (failing) throw error
          return inner.take(charges)
        }
        return failing ? Promise.reject(error) : Promise.resolve(inner.take(charges))
      }
      const app = await world.open(() => ({ store: { ...broken, take }, limit: 5, window: '1m', key }))
      for (const path of ['/', '/stream']) {
        const answer = await app.get(path)
        same('status', answer.status, 500)
        same('headers', limitHeaders(answer), {})
      }
      same('errors', app.errors.map(String), Array(2).fill('Error: the store is down'))
      failing = false
      same('left', remaining(await app.get()), 4)
    }),
  ),
]
