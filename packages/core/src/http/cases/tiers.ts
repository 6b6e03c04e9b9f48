import type { Algorithm } from '../../algorithm.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { type CachedBy, cachedBy } from '../../cached-by.ts'
import type { CachedByOptions } from '../../cached-by-options.ts'
import { same } from '../../conformance/calls.ts'
import type { Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseOptions, HttpCase, ReadHeader } from './app.ts'
import { counter, httpCase, remaining } from './world.ts'

const PLANS = {
  none: fixedWindow({ limit: 5, window: '1h' }),
  free: fixedWindow({ limit: 60, window: '1h' }),
  paid: fixedWindow({ limit: 1000, window: '1h' }),
}

type ApiKey = string | undefined
type LookUp = (apiKey: ApiKey, ...request: readonly unknown[]) => Promise<Algorithm>

interface Plans {
  readonly lookUp: LookUp
  readonly options?: CachedByOptions
  /** Gets the function by which plans are looked up. */
  readonly made?: (algorithm: Pick<CachedBy<[], ApiKey, Algorithm>, 'forget'>) => void
  /** Is told of each request before its plan is known. */
  readonly asking?: () => void
}

/** Limits by the plan of an API key. */
function byPlan(store: Store, { lookUp, options, made, asking }: Plans): CaseOptions {
  return <Args extends readonly unknown[]>(header: ReadHeader<Args>) => {
    const apiKeyOf = (...args: Args): ApiKey => {
      asking?.()
      return header('x-api-key', ...args)
    }
    const algorithm = cachedBy(apiKeyOf, lookUp, options)
    made?.(algorithm)
    return { store, key: byHeader('x-api-key'), algorithm }
  }
}

/** Limits by plan, looked up once for each key. */
export const tierCases: readonly HttpCase[] = [
  httpCase('100 requests of one key at once make one look-up of its plan', async ({ open, store }) => {
    const { add, reached } = counter()
    const lookUps: ApiKey[] = []
    const lookUp: LookUp = async (apiKey) => {
      lookUps.push(apiKey)
      // So that all of them are there before it is known.
      await reached(100)
      return PLANS.free
    }
    const app = await open(byPlan(store(), { lookUp, options: { timeout: '1m' }, asking: add }))
    const ask = async (): Promise<number> => (await app.get('/', { 'x-api-key': 'k1' })).status
    const answers = await Promise.all(Array.from({ length: 100 }, ask))
    same('passed', answers.filter((status) => status === 200).length, 60)
    same('refused', answers.filter((status) => status === 429).length, 40)
    same('one more', await ask(), 429)
    same('look-ups', lookUps, ['k1'])
  }),

  httpCase('a plan that has changed counts once it is forgotten', async ({ open, store }) => {
    const plans = new Map<ApiKey, Algorithm>([['k1', PLANS.free]])
    const lookUp: LookUp = async (apiKey) => Promise.resolve(plans.get(apiKey) ?? PLANS.none)
    const forget: ((apiKey: ApiKey) => unknown)[] = []
    const app = await open(byPlan(store(), { lookUp, made: (algorithm) => forget.push(algorithm.forget) }))
    const left = async (apiKey: string): Promise<number> =>
      remaining(await app.get('/', { 'x-api-key': apiKey }))
    same('free', await left('k1'), 59)
    same('another key', await left('k2'), 4)
    plans.set('k1', PLANS.paid)
    same('before', await left('k1'), 58)
    await forget[0]?.('k1')
    same('after', await left('k1'), 997)
  }),

  httpCase('a plan stands in while the look-up fails', async ({ open, store }) => {
    const clock = { now: 0 }
    const table = { isDown: false }
    const lookUp: LookUp = async () =>
      table.isDown ? Promise.reject(new Error('no plans')) : Promise.resolve(PLANS.free)
    const app = await open(byPlan(store(), { lookUp, options: { clock: () => clock.now } }))
    const ask = async (apiKey: string): Promise<number> =>
      (await app.get('/', { 'x-api-key': apiKey })).status
    same('known', await ask('k1'), 200)
    table.isDown = true
    clock.now = 3_599_999
    same('stands in', await ask('k1'), 200)
    same('of whom nothing is known', await ask('k2'), 500)
    same('told', String(app.errors[0]), 'Error: no plans')
    clock.now = 3_600_000
    same('too old', await ask('k1'), 500)
  }),
]
