import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { CaseOptions, HttpCase } from './app.ts'
import { httpCase, limitHeaders, remaining } from './world.ts'

const key = byHeader('x-client')

/** Fails at once where the request says so. */
function fail(mode: string | undefined): undefined {
  if (mode === 'throw') throw new Error('no such account')
  return undefined
}

/** Fails later where the request says so. */
async function failLater(mode: string | undefined): Promise<undefined> {
  await Promise.resolve()
  return fail(mode === 'reject' ? 'throw' : undefined)
}

/** Every option function that decides what is charged, made to fail the way that the header `x-fail` says. */
const FUNCTIONS: Record<string, (ways: 'throw' | 'reject') => CaseOptions> = {
  key: (ways) => (header) => ({
    limit: 5,
    window: '1m',
    key: (...args) => failing(ways, header('x-fail', ...args), 'ada'),
  }),
  cost: (ways) => (header) => ({
    limit: 5,
    window: '1m',
    key,
    cost: (...args) => failing(ways, header('x-fail', ...args), 1),
  }),
  limit: (ways) => (header) => ({
    window: '1m',
    key,
    limit: (...args) => failing(ways, header('x-fail', ...args), 5),
  }),
  when: (ways) => (header) => ({
    limit: 5,
    window: '1m',
    key,
    when: (...args) => failing(ways, header('x-fail', ...args), true),
  }),
  skip: (ways) => (header) => ({
    limit: 5,
    window: '1m',
    key,
    skip: (...args) => failing(ways, header('x-fail', ...args), false),
  }),
  deny: (ways) => (header) => ({
    limit: 5,
    window: '1m',
    key,
    deny: (...args) => failing(ways, header('x-fail', ...args), false),
  }),
}

function failing<T>(ways: 'throw' | 'reject', mode: string | undefined, value: T): T | Promise<T> {
  return ways === 'throw' ? (fail(mode) ?? value) : failLater(mode).then(() => value)
}

/** What option functions do wrong reaches the framework's error handler, and charges nothing. */
export const failureCases: readonly HttpCase[] = [
  ...Object.entries(FUNCTIONS).flatMap(([option, options]) =>
    (['throw', 'reject'] as const).map((ways) =>
      httpCase(
        `${option}: one that ${ways}s reaches the error handler, and charges nothing`,
        async (world) => {
          const store = world.store()
          const app = await world.open((header) => ({ ...options(ways)(header), store }))
          for (let time = 0; time < 3; time++) {
            const answer = await app.get('/', { 'x-fail': ways })
            same('status', answer.status, 500)
            same('headers', limitHeaders(answer), {})
          }
          same('errors', app.errors.map(String), Array(3).fill('Error: no such account'))
          same('left', remaining(await app.get()), 4)
        },
      ),
    ),
  ),

  httpCase('no policy is charged when the key of another fails', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      policies: [
        { name: 'first', limit: 5, window: '1m', key },
        {
          name: 'second',
          limit: 5,
          window: '1m',
          key: (...args) => failing('throw', header('x-fail', ...args), 'ada'),
        },
      ],
    }))
    same('status', (await app.get('/', { 'x-fail': 'throw' })).status, 500)
    same('left', (await app.get()).headers['ratelimit']?.match(/r=\d/g), ['r=4', 'r=4'])
  }),

  httpCase('a key that throws while another is looked up fails one request only', async ({ open, store }) => {
    const app = await open((header) => ({
      store: store(),
      policies: [
        {
          name: 'first',
          limit: 5,
          window: '1m',
          key: (...args) => failing('reject', header('x-first', ...args), 'ada'),
        },
        {
          name: 'second',
          limit: 5,
          window: '1m',
          key: (...args) => failing('throw', header('x-fail', ...args), 'ada'),
        },
      ],
    }))
    for (const first of ['well', 'reject'])
      same(first, (await app.get('/', { 'x-first': first, 'x-fail': 'throw' })).status, 500)
    same('errors', app.errors.map(String), Array(2).fill('Error: no such account'))
    same('left', (await app.get()).headers['ratelimit']?.match(/r=\d/g), ['r=4', 'r=4'])
  }),

  httpCase('a message that fails reaches the error handler', async ({ open, store }) => {
    for (const ways of ['throw', 'reject'] as const) {
      const message = (): Promise<string> | string => failing(ways, ways, 'never said')
      const app = await open(() => ({ store: store(), limit: 0, window: '1m', key, message }))
      same('status', (await app.get()).status, 500)
      same('errors', app.errors.map(String), ['Error: no such account'])
    }
  }),

  ...badAnswers(),
]

function badAnswers(): HttpCase[] {
  const bad: [string, CaseOptions][] = [
    ['a key that is no text', () => ({ limit: 5, window: '1m', key: () => 7 as never })],
    ['a negative cost', () => ({ limit: 5, window: '1m', key, cost: () => -1 })],
    ['a cost that is no number', () => ({ limit: 5, window: '1m', key, cost: () => NaN })],
    ['half a cost', () => ({ limit: 5, window: '1m', key, cost: async () => Promise.resolve(0.5) })],
    ['a limit that is no number', () => ({ window: '1m', key, limit: () => NaN })],
    ['a negative limit', () => ({ window: '1m', key, limit: () => -1 })],
  ]
  return bad.map(([what, options]) =>
    httpCase(`${what} is an error that tells the value`, async ({ open }) => {
      const app = await open(options)
      const answer = await app.get()
      same('status', answer.status, 500)
      same('headers', limitHeaders(answer), {})
      same('told', /must be .*, got /.test(String(app.errors[0])), true)
    }),
  )
}
