import { same } from '../../conformance/calls.ts'
import type { Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { HttpCase } from './app.ts'
import { ended, openSettled, tenSeconds, watched } from './settlements.ts'
import { httpCase, remaining } from './world.ts'

const key = byHeader('x-client')

const FAILURES: [how: string, settle: () => never | Promise<never> | number][] = [
  ['throws', () => fail()],
  ['rejects', async () => fail()],
  ['gives what is no cost', () => -1],
]
function fail(): never {
  throw new Error('no figures')
}

/** What goes wrong after a response, when nobody is there to hear of it. */
export const settleFailureCases: readonly HttpCase[] = [
  ...FAILURES.map(([how, settle]) =>
    httpCase(`a request stays charged whose settle ${how}`, async (world) => {
      const { app, calls, reached } = await openSettled(world, { cost: 4, settle })
      same('body', (await app.get('/stream')).body, 'onetwo')
      await reached(1)
      same('settlement', calls, [[ended]])
      same('left', remaining(await app.get()), 9 - 4 - 4)
      same('errors', app.errors, [])
    }),
  ),

  ...(['throws', 'rejects'] as const).map((way) =>
    httpCase(`a store that ${way} when a request is settled fails nothing`, async (world) => {
      const { store, calls, reached } = watched(world.store())
      const take: Store['take'] = (charges) => {
        const ruling = store.take(charges)
        if (charges.every(({ kind }) => kind === 'take'))
          return way === 'throws' ? ruling : Promise.resolve(ruling)
        if (way === 'throws') throw new Error('the store is down')
        return Promise.reject(new Error('the store is down'))
      }
      const failing: Store = { ...store, mode: way === 'throws' ? 'sync' : 'async', take }
      const app = await world.open(() => ({ store: failing, key, algorithm: tenSeconds, settle: () => 2 }))
      for (let times = 1; times <= 3; times++) {
        same('body', (await app.get('/stream')).body, 'onetwo')
        await reached(times)
      }
      same('settlements', calls.length, 3)
      same('errors', app.errors, [])
    }),
  ),
]
