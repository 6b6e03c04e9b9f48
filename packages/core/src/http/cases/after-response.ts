import { concurrency } from '../../algorithms/concurrency.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { same } from '../../conformance/calls.ts'
import { createLimiter } from '../../limiter.ts'
import { byHeader } from '../keys.ts'
import type { HttpCase } from './app.ts'
import { ended, openSettled, tenSeconds, watched } from './settlements.ts'
import { counter, door, httpCase, remaining, statuses } from './world.ts'

const key = byHeader('x-client')
const unit = (status: number): string[] => (status >= 400 ? ['requests refund 1', ended] : [ended])

const ANSWERS: [method: string, path: string, status: number][] = [
  ['GET', '/', 200],
  ['HEAD', '/', 200],
  ['GET', '/raw', 200],
  ['GET', '/stream', 200],
  ['GET', '/redirect', 302],
  ['GET', '/missing', 404],
  ['GET', '/boom', 500],
]

/** `refundWhen`: what is given back once the response is there. */
export const refundCases: readonly HttpCase[] = [
  httpCase('what failed is given back, and nothing else', async (world) => {
    const { app, calls, reached } = await openSettled(world, { refundWhen: 'failed' })
    for (const [index, [method, path, status]] of ANSWERS.entries()) {
      same('status', (await app.send({ method, path })).status, status)
      await reached(index + 1)
      same(`after ${method} ${path}`, calls[index], unit(status))
    }
    same('left', remaining(await app.get()), 9 - 5 - 1)
  }),

  httpCase('what was successful is given back, and nothing else', async (world) => {
    const { app, calls, reached } = await openSettled(world, { refundWhen: 'successful' })
    for (const [index, [method, path, status]] of ANSWERS.entries()) {
      await app.send({ method, path })
      await reached(index + 1)
      same(`after ${method} ${path}`, calls[index], unit(status < 400 ? 400 : 200))
    }
    same('left', remaining(await app.get()), 9 - 2 - 1)
  }),

  ...([false, true] as const).map((isAsync) =>
    httpCase(`a function says what is given back: ${isAsync ? 'later' : 'at once'}`, async (world) => {
      const asked: unknown[] = []
      const { app, calls, reached } = await openSettled(world, (clientOf) => ({
        cost: 4,
        refundWhen(...all) {
          const status = all.at(-1)
          asked.push([clientOf(all), status])
          return isAsync ? Promise.resolve(status === 404) : status === 404
        },
      }))
      await app.get()
      await reached(1)
      await app.get('/missing')
      await reached(2)
      same('asked', asked, [
        ['ada', 200],
        ['ada', 404],
      ])
      same('settlements', calls, [[ended], ['requests refund 4', ended]])
      same('left', remaining(await app.get()), 9 - 4 - 4)
    }),
  ),

  httpCase('nothing is given back to a window that was not charged', async (world) => {
    const { wait, open, reached: waiting } = door()
    const { app, calls, reached } = await openSettled(world, { refundWhen: 'successful' }, { wait })
    const slow = app.get('/slow')
    await waiting(1)
    world.clock.now += 10_000
    await app.get('/missing')
    await reached(1)
    open()
    await slow
    await reached(2)
    same('settlements', calls, [[ended], ['requests refund 1', ended]])
    same('left', remaining(await app.get('/missing')), 9 - 1 - 1)
  }),

  httpCase('a refusal is never given back', async (world) => {
    const asked: unknown[] = []
    const { app, reached } = await openSettled(world, {
      algorithm: fixedWindow({ limit: 2, window: '10s' }),
      refundWhen(...all) {
        asked.push(all.at(-1))
        return false
      },
    })
    same('statuses', await statuses(4, app.get), [200, 200, 429, 429])
    await reached(2)
    world.clock.now += 10_000
    same('status', (await app.get('/missing')).status, 404)
    await reached(3)
    same('asked', asked, [200, 200, 404])
  }),

  httpCase('all policies of a limiter that others use too are given back', async (world) => {
    const { store, calls, reached } = watched(world.store())
    const limiter = createLimiter({
      store,
      policies: [
        { name: 'few', algorithm: tenSeconds },
        { name: 'many', algorithm: fixedWindow({ limit: 100, window: '10s' }) },
      ],
    })
    const asked = counter()
    const refundWhen = (): boolean => {
      asked.add()
      return asked.count() === 1
    }
    const app = await world.open((header) => ({
      limiter,
      key: (...args) => header('x-client', ...args),
      cost: 3,
      refundWhen,
    }))
    await app.get('/boom')
    await reached(1)
    same('settlements', calls, [['few refund 3', 'many refund 3']])
    await app.get('/boom')
    await asked.reached(2)
    const { policies } = await limiter.peek('ada', { cost: 0 })
    same('used', [asked.count(), ...policies.map(({ used }) => used)], [2, 3, 3])
  }),

  httpCase('a slot is freed once, and the request given back', async (world) => {
    const { store, calls, reached } = watched(world.store())
    const app = await world.open(() => ({
      store,
      policies: [
        { name: 'slots', algorithm: concurrency({ limit: 1, ttl: '1m' }), key, refundWhen: 'failed' },
        { name: 'requests', algorithm: tenSeconds, key, refundWhen: 'failed' },
      ],
    }))
    for (let times = 1; times <= 3; times++) {
      same('status', (await app.get('/boom')).status, 500)
      await reached(2 * times)
    }
    const each = [['slots refund 1'], ['requests refund 1']]
    same('settlements', calls, [...each, ...each, ...each])
    const { headers } = await app.get('/missing')
    same('left', headers['ratelimit']?.match(/r=\d/g), ['r=0', 'r=8'])
  }),
]
