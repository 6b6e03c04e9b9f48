import { byHeader } from '../src/http/index.ts'
import type { CaseApp } from '../src/http/index.ts'
import { door } from '../src/http/cases/world.ts'
import { watched } from '../src/http/cases/settlements.ts'
import { same } from '../src/conformance/calls.ts'
import { memoryStore, tokenBucket } from '../src/index.ts'
import { asking, connection } from './node-http-raw.ts'
import { type SocketCase, socketCase } from './node-http-sockets.ts'

const key = byHeader('x-client')
const algorithm = tokenBucket({ capacity: 5000, refill: 1, per: '1h' })

/** A limiter whose policies tell what came of a response, and what its store is told. */
function told(): { limiters: CaseApp['limiters'] } & Pick<ReturnType<typeof watched>, 'calls' | 'reached'> {
  const { store, calls, reached } = watched(memoryStore({ clock: () => 1_790_000_000_400 }))
  const policies = [
    { name: 'failed', algorithm, key, refundWhen: 'failed' },
    { name: 'bytes', algorithm, key, cost: 500, settle: 'bytes' },
  ] as const
  return { limiters: [{ options: () => ({ store, policies }) }], calls, reached }
}

/** What comes of responses on a real connection, also where their client leaves. */
export const leavingCases: readonly SocketCase[] = [
  ...['/slow', '/raw'].map((path) =>
    socketCase(`requests on one connection are settled one by one: ${path}`, async (serve) => {
      const { limiters, calls, reached } = told()
      const client = await connection(await serve({ limiters }))
      for (let times = 1; times <= 3; times++) {
        client.say(asking(path))
        await reached(times)
      }
      client.say(asking(path, 'HEAD') + asking(path) + asking('/sub/here'))
      await reached(6)
      const each = [`bytes refund ${500 - (path === '/slow' ? 4 : 3)}`]
      same('settlements', calls, [each, each, each, ['bytes refund 500'], each, ['bytes refund 496']])
      client.vanish()
    }),
  ),

  socketCase('a client that is gone before there is an answer pays for none', async (serve) => {
    const { limiters, calls, reached } = told()
    const { wait, open, reached: waiting } = door()
    const at = await serve({ limiters, wait })
    const client = await connection(at)
    client.say(asking('/slow'))
    await waiting(1)
    client.vanish()
    await at.over.reached(1)
    open()
    await reached(1)
    same('settlements', calls, [['failed refund 1', 'bytes refund 500']])
  }),

  socketCase('a client that leaves a stream pays for what was sent, which did not fail', async (serve) => {
    const { limiters, calls, reached } = told()
    const { wait, open, reached: waiting } = door()
    const at = await serve({ limiters, wait })
    const client = await connection(at)
    client.say(asking('/stream'))
    await waiting(1)
    await client.hears((heard) => heard.includes('one'))
    same('not before it leaves', calls, [])
    client.vanish()
    await reached(1)
    open()
    same('settlements', calls, [['bytes refund 497']])
  }),

  socketCase('a stream that the server breaks off is settled by what was sent', async (serve) => {
    const { limiters, calls, reached } = told()
    const wait = async (): Promise<void> => Promise.reject(new Error('the source dried up'))
    const client = await connection(await serve({ limiters, wait }))
    client.say(asking('/stream'))
    const heard = await client.heardAll()
    await reached(1)
    // What was still to be sent is lost with the connection.
    same('settlements', calls, [[`bytes refund ${heard.includes('one') ? 497 : 500}`]])
  }),
]
