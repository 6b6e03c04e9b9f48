/** Decision by decision, the Lua of every algorithm answers and stores what the TypeScript does. */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../../../scripts/servers/of-run.ts'
import * as subjects from '../../../../test/subjects.ts'
import { decideScript } from '../script.ts'
import { firstDifference } from './testing/replay.ts'
import { record } from './testing/recording.ts'

const seed = process.env['CI'] ? 20261122 : Date.now() % 2 ** 31
const decisions = 10 * Number(process.env['LAW_RUNS'] ?? 10_000)

let client: Redis
beforeAll(async () => {
  client = new Redis((await redisOfRun()).url)
})
afterAll(() => client.quit())
const evaluate = (script: string, args: readonly string[]): Promise<unknown> =>
  client.eval(script, 0, ...args)

function sameAs<P>(kind: string, subject: subjects.Subject<P>): void {
  describe(kind, () => {
    it(`decides as in TypeScript, ${decisions} times from seed ${seed}`, async () => {
      const batches = record(subject, decisions, seed, kind === 'calendarWindow' ? 10 : 3)
      expect(await firstDifference(evaluate, decideScript([kind]).text, batches)).toBeUndefined()
    })
  })
}

sameAs('fixedWindow', subjects.fixed)
sameAs('slidingWindow', subjects.sliding)
sameAs('slidingWindowStrict', subjects.strict)
sameAs('slidingLog', subjects.log)
sameAs('tokenBucket', subjects.token)
sameAs('calendarWindow', subjects.calendar)
sameAs('concurrency', subjects.slots)
