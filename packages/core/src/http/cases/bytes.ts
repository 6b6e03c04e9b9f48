import { tokenBucket } from '../../algorithms/token-bucket.ts'
import { same } from '../../conformance/calls.ts'
import type { HttpCase } from './app.ts'
import { openSettled, tenSeconds, watched } from './settlements.ts'
import { httpCase } from './world.ts'

const encoder = new TextEncoder()

const ANSWERS: [method: string, path: string][] = [
  ['GET', '/'],
  ['HEAD', '/'],
  ['GET', '/raw'],
  ['GET', '/stream'],
  ['HEAD', '/stream'],
  ['GET', '/redirect'],
  ['GET', '/missing'],
  ['HEAD', '/missing'],
  ['GET', '/boom'],
  ['GET', '/cached'],
  ['GET', '/slow'],
  ['GET', '/sub/here'],
]

/** `settle: 'bytes'`: a request costs what was written of its response's body. */
export const byteCases: readonly HttpCase[] = [
  ...ANSWERS.map(([method, path]) =>
    httpCase(`${method} ${path} costs the bytes of its body`, async (world) => {
      const { app, calls, reached } = await openSettled(world, {
        cost: 100_000,
        algorithm: tokenBucket({ capacity: 1_000_000, refill: 1, per: '1h' }),
        settle: 'bytes',
      })
      const { body } = await app.send({ method, path })
      await reached(1)
      const bytes = encoder.encode(body).byteLength
      if (method === 'HEAD') same('a body', bytes, 0)
      same('settlement', calls[0]?.[0], `requests refund ${100_000 - bytes}`)
    }),
  ),

  httpCase('text beyond ASCII costs its bytes, not its characters', async (world) => {
    const { store, calls, reached } = watched(world.store())
    const key = '\u00e9\u20ac\u{1f600}'
    const app = await world.open(() => ({
      store,
      policies: [
        {
          name: 'bytes',
          algorithm: tenSeconds,
          key: () => key,
          cost: () => 0,
          maxDebt: 9999,
          settle: 'bytes',
        },
      ],
    }))
    const { body } = await app.get('/seen')
    await reached(1)
    const bytes = encoder.encode(body).byteLength
    same('bytes beside characters', bytes - body.length, 1 + 2 + 2)
    same('settlement', calls, [[`bytes force ${bytes}`]])
  }),
]
