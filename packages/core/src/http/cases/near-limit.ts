import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import { byHeader } from '../keys.ts'
import type { CaseResponse, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders, type World } from './world.ts'

const key = byHeader('x-client')
const NEAR = 'x-ratelimit-nearlimit'
const hourly = fixedWindow({ limit: 4, window: '1h' })

/** What so many answers in turn say of being near the limit. */
async function nearness(app: Client, times: number): Promise<[status: number, near: string | undefined][]> {
  const answers: CaseResponse[] = []
  while (answers.length < times) answers.push(await app.get())
  return answers.map(({ status, headers }) => [status, headers[NEAR]])
}

const events = (): { names: string[]; on: object } => {
  const names: string[] = []
  const note = (name: string) => [name, () => void names.push(name)] as const
  return {
    names,
    on: Object.fromEntries<() => void>(['taken', 'limited', 'shadowLimited', 'warned'].map(note)),
  }
}

const withShadow = ({ store }: World, on: object) => ({
  store: store(),
  on,
  expose: true,
  policies: [
    { name: 'enforced', algorithm: hourly, key },
    {
      name: 'lower',
      algorithm: fixedWindow({ limit: 1, window: '1h' }),
      key,
      mode: 'shadow' as const,
      warnAt: 0.1,
    },
  ],
})

/** Before the limit: warnings, and policies that only report. */
export const nearLimitCases: readonly HttpCase[] = [
  httpCase(
    'tells clients from the lowest threshold on that they are near the limit',
    async ({ open, store }) => {
      const app = await open(() => ({ store: store(), algorithm: hourly, key, warnAt: [1, 0.5] }))
      same('answers', await nearness(app, 5), [
        [200, undefined],
        [200, 'true'],
        [200, 'true'],
        [200, 'true'],
        [429, 'true'],
      ])
    },
  ),

  httpCase('tells so of any policy that is enforced', async ({ open, store }) => {
    const app = await open(() => ({
      store: store(),
      headers: 'draft-7',
      policies: [
        { name: 'far', algorithm: fixedWindow({ limit: 100, window: '1h' }), key, warnAt: 0.9 },
        { name: 'near', algorithm: hourly, key, warnAt: 0.25 },
      ],
    }))
    same('answers', await nearness(app, 1), [[200, 'true']])
  }),

  httpCase('lets scripts read it, also before it is told', async ({ open, store }) => {
    const limits = { algorithm: hourly, key, headers: 'draft-11', expose: true } as const
    const app = await open(() => ({ ...limits, store: store(), warnAt: 0.5 }))
    for (let times = 0; times < 5; times++) {
      const exposed = (await app.get()).headers['access-control-expose-headers']
      same('exposed', exposed, 'RateLimit, RateLimit-Policy, X-RateLimit-NearLimit, Retry-After')
    }
  }),

  httpCase('tells nothing of it without headers, or without thresholds', async ({ open, store }) => {
    for (const more of [{ warnAt: 0.1, headers: false }, { warnAt: [] }, {}] as const) {
      const app = await open(() => ({ store: store(), algorithm: hourly, key, expose: true, ...more }))
      for (let times = 0; times < 5; times++) {
        const { headers } = await app.get()
        same('near', headers[NEAR], undefined)
        same('exposed', headers['access-control-expose-headers']?.includes('Near'), false)
      }
    }
  }),

  httpCase('a policy in shadow mode never refuses, and nothing of it shows', async (world) => {
    const { names, on } = events()
    const app = await world.open(() => withShadow(world, on))
    for (const left of [3, 2, 1, 0]) {
      const { status, headers } = await app.get()
      same('status', status, 200)
      same('policy', headers['ratelimit'], `"enforced";r=${left};t=3600`)
      same('near', headers[NEAR], undefined)
      same('exposed', headers['access-control-expose-headers']?.includes('Near'), false)
    }
    const refused = await app.get()
    same('status', refused.status, 429)
    same('violated', refused.body.includes('"violated-policies":["enforced"]'), true)
    const told = names.filter((name) => name !== 'warned')
    const shadow = ['taken', 'shadowLimited']
    same('events', told, ['taken', ...shadow, ...shadow, ...shadow, 'limited', 'shadowLimited'])
  }),

  httpCase('a policy in shadow mode alone lets everybody pass', async (world) => {
    const { names, on } = events()
    const app = await world.open(() => ({
      store: world.store(),
      on,
      limit: 0,
      window: '1m',
      key,
      mode: 'shadow' as const,
    }))
    for (let times = 0; times < 3; times++) {
      const answer = await app.get()
      same('status', answer.status, 200)
      same('headers', limitHeaders(answer), {})
    }
    same('events', names, Array.from({ length: 3 }, () => ['taken', 'shadowLimited']).flat())
  }),
]
