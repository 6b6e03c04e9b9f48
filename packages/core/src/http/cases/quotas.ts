import { type CalendarWindowOptions, calendarWindow } from '../../algorithms/calendar-window.ts'
import { same } from '../../conformance/calls.ts'
import type { Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseOptions, CaseResponse, HttpCase } from './app.ts'
import { type Client, httpCase, limitHeaders } from './world.ts'

const quota = (store: Store, options: Partial<CalendarWindowOptions> = {}): CaseOptions => {
  const algorithm = calendarWindow({ limit: 100, every: 'month', timeZone: 'Europe/Paris', ...options })
  return (header) => ({
    store,
    name: 'quota',
    algorithm,
    key: byHeader('x-client'),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
  })
}

const spend = async (app: Client, cost: number): Promise<CaseResponse> =>
  app.get('/', { 'x-cost': `${cost}` })

/** The quota of a response, and what is left of it, in both formats. */
function quotaOf({ headers }: CaseResponse): string {
  const [, q] = /;q=(\d+)/.exec(headers['ratelimit-policy'] ?? '') ?? []
  const [, r] = /;r=(\d+)/.exec(headers['ratelimit'] ?? '') ?? []
  return `${r} of ${q}, ${headers['x-ratelimit-remaining']} of ${headers['x-ratelimit-limit']}`
}

/** Midnight of a day in UTC. */
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)

/** Periods in Paris, a day on which one lasts, and when it ends. */
const PERIODS: [name: string, options: Partial<CalendarWindowOptions>, on: string, end: string][] = [
  ['day, which may have 25 hours', { every: 'day' }, '2026-10-25', '2026-10-25T23:00Z'],
  ['week from any day', { every: 'week', weekStart: 'sunday' }, '2026-07-15', '2026-07-18T22:00Z'],
  ['month from a billing day', { every: 'month', startDay: 31 }, '2027-02-10', '2027-02-27T23:00Z'],
  [
    'year from a billing day',
    { every: 'year', startMonth: 7, startDay: 4 },
    '2026-09-21',
    '2027-07-03T22:00Z',
  ],
]

/** Quotas that belong to the periods of a calendar. */
export const quotaCases: readonly HttpCase[] = [
  ...PERIODS.map(([name, options, on, end]) =>
    httpCase(`counts by the ${name}, in a time zone`, async ({ open, store, clock }) => {
      const app = await open(quota(store(), options))
      clock.now = day(on)
      same('100 of 100', (await spend(app, 100)).status, 200)
      const wait = Number((await spend(app, 1)).headers['retry-after'])
      same('told to wait', clock.now + wait * 1000, Date.parse(end))
      clock.now = Date.parse(end) - 1
      same('a millisecond early', (await spend(app, 1)).status, 429)
      clock.now += 1
      same('in the next one', quotaOf(await spend(app, 1)), '99 of 100, 99 of 100')
    }),
  ),

  httpCase('adds up to half of an unused month to the next one only', async ({ open, store, clock }) => {
    const app = await open(quota(store(), { rollover: 0.5 }))
    same('a new client', quotaOf(await spend(app, 40)), '60 of 100, 60 of 100')
    clock.now = day('2026-10-10')
    const october = await spend(app, 1)
    same('after a month of 40', quotaOf(october), '149 of 150, 149 of 150')
    same('used', october.headers['x-ratelimit-used'], '1')
    same('150 of 150', (await spend(app, 149)).status, 200)
    const refused = await spend(app, 1)
    same('one more', refused.status, 429)
    const { detail } = JSON.parse(refused.body) as { detail: string }
    same('what it is told', detail, 'Limit of 150 requests per 31 days reached. Try again in 22 days.')
    clock.now = day('2026-11-10')
    same('after a month of 150', quotaOf(await spend(app, 1)), '99 of 100, 99 of 100')
    clock.now = day('2027-02-10')
    same('after two months of nothing', quotaOf(await spend(app, 1)), '99 of 100, 99 of 100')
  }),

  httpCase('tells when a cost fits for which more has to be carried over', async ({ open, store, clock }) => {
    const app = await open(quota(store(), { rollover: 0.5 }))
    same('nothing is carried to a new client', limitHeaders(await spend(app, 120))['retry-after'], undefined)
    await spend(app, 90)
    // To 1 November in Paris, after summer time: October leaves 50, September 10.
    const wait = Number((await spend(app, 120)).headers['retry-after'])
    clock.now += wait * 1000 - 1000
    same('a second early', (await spend(app, 120)).status, 429)
    clock.now += 1000
    same('in November', [(await spend(app, 120)).status, new Date(clock.now).getUTCMonth()], [200, 9])
    same('more than there can be', (await spend(app, 151)).headers['retry-after'], undefined)
  }),
]
