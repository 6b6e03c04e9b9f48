import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import type { Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseOptions, HttpCase } from './app.ts'
import { type Client, httpCase, remaining } from './world.ts'

const key = byHeader('x-client')
const LIMITS: Record<string, number> = { free: 100, pro: 1000 }
const limitOf = (plan: string | undefined): number => LIMITS[plan ?? 'free'] ?? 0

/** The ways to make a limit depend on the request. */
const WAYS: Record<string, (store: Store) => CaseOptions> = {
  'a limit function': (store) => (header) => ({
    store,
    window: '1h',
    key,
    limit: (...args) => limitOf(header('x-plan', ...args)),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
  }),
  'a limit that is looked up': (store) => (header) => ({
    store,
    window: '1h',
    key,
    limit: async (...args) => Promise.resolve(limitOf(header('x-plan', ...args))),
    cost: async (...args) => Promise.resolve(Number(header('x-cost', ...args) ?? 1)),
  }),
  'an algorithm made anew for each request': (store) => (header) => ({
    store,
    key,
    algorithm: (...args) => fixedWindow({ limit: limitOf(header('x-plan', ...args)), window: '1h' }),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
  }),
  'an algorithm that is looked up': (store) => (header) => ({
    store,
    key,
    algorithm: async (...args) =>
      Promise.resolve(fixedWindow({ limit: limitOf(header('x-plan', ...args)), window: '1h' })),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
  }),
}

/** Asks under a plan; a cost of 0 asks only. */
const ask = async (app: Client, plan: string, cost: number): ReturnType<Client['get']> =>
  app.get('/', { 'x-plan': plan, 'x-cost': `${cost}` })

/** Limits that change from request to request: what was used stays used. */
export const planCases: readonly HttpCase[] = Object.entries(WAYS).flatMap(([way, options]) => [
  httpCase(`leaves 900 after an upgrade from 100 used up to 1,000, by ${way}`, async (world) => {
    const app = await world.open(options(world.store()))
    same('100 of 100', (await ask(app, 'free', 100)).status, 200)
    same('one more', (await ask(app, 'free', 1)).status, 429)
    const upgraded = await ask(app, 'pro', 0)
    same('left', remaining(upgraded), 900)
    same('900 of 900', (await ask(app, 'pro', 900)).status, 200)
    same('one more', (await ask(app, 'pro', 1)).status, 429)
  }),

  httpCase(`grants nothing to who flips between two plans, by ${way}`, async (world) => {
    const app = await world.open(options(world.store()))
    await ask(app, 'free', 60)
    for (let flip = 0; flip < 20; flip++) {
      const plan = flip % 2 === 0 ? 'pro' : 'free'
      same(`left after flip ${flip}`, remaining(await ask(app, plan, 0)), limitOf(plan) - 60)
    }
    same('41 of the 40 that are left', (await ask(app, 'free', 41)).status, 429)
    same('40 of 40', (await ask(app, 'free', 40)).status, 200)
  }),
])
