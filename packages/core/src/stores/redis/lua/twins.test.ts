/** Decision by decision, the Lua of every algorithm answers and stores what the TypeScript does. */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../../../scripts/servers/of-run.ts'
import * as subjects from '../../../../test/subjects.ts'
import { decideScript } from '../script.ts'
import { twins } from './index.ts'
import { library } from './library.ts'
import { type Mutant, mutants } from './testing/mutants.ts'
import { record } from './testing/recording.ts'
import { firstDifference, replaced } from './testing/replay.ts'
import type { Twin } from './twin.ts'

const seed = process.env['CI'] ? 20261122 : Date.now() % 2 ** 31
const decisions = 10 * Number(process.env['LAW_RUNS'] ?? 10_000)

let client: Redis
beforeAll(async () => {
  client = new Redis((await redisOfRun()).url)
})
afterAll(() => client.quit())
const evaluate = (script: string, args: readonly string[]): Promise<unknown> =>
  client.eval(script, 0, ...args)

/** @param alsoUnreadable texts of too many or too few numbers, and of what would last or refill nothing */
function sameAs<P>(kind: string, subject: subjects.Subject<P>, ...alsoUnreadable: string[]): void {
  describe(kind, () => {
    it(`decides as in TypeScript, ${decisions} times from seed ${seed}`, async () => {
      const batches = record(subject, decisions, seed)
      expect(await firstDifference(evaluate, decideScript([kind]).text, batches)).toBeUndefined()
    })

    it('takes a text that no twin wrote as a key never seen', async () => {
      const texts = ['', ',', 'x', '{}', '5,3,1.5,1', '5,3,-1,1', '5,3,1,01', ...alsoUnreadable]
      const batches = texts.flatMap((text) => [...record(subject, 200, seed, text)])
      expect(await firstDifference(evaluate, decideScript([kind]).text, batches)).toBeUndefined()
    })

    it('is found to be another when it is changed in one place', async () => {
      const { lua } = twins[kind] as Twin
      // The same histories each time: a change that is noticed now is noticed always.
      const batches = [...record(subject, 20_000, 20261122)]
      const missed: Mutant[] = []
      for (const mutant of mutants[kind] ?? []) {
        const [was, is] = mutant
        const part = lua.includes(was) ? lua : library
        expect([was, part.split(was).length]).toEqual([was, 2])
        const script = replaced(
          decideScript([kind]).text,
          part,
          part.replace(was, () => is),
        )
        const difference = await firstDifference(evaluate, script, batches).catch(String)
        if (difference === undefined) missed.push(mutant)
      }
      expect(missed).toEqual([])
    })
  })
}

sameAs('fixedWindow', subjects.fixed, '5,3', '5,3,1,1', '5,3,0')
sameAs('slidingWindow', subjects.sliding, '5,3,1', '5,3,1,1,1', '5,3,1,0')
sameAs('slidingWindowStrict', subjects.strict)
sameAs('slidingLog', subjects.log)
sameAs('tokenBucket', subjects.token, '5,3,1', '5,3,1,1,1', '5,3,1,0', '5,3,0,1')
sameAs('calendarWindow', subjects.calendar, '5,3', '5,3,1,1', '5,3,1,1,3', '5,3,1,1,9,9')
sameAs('concurrency', subjects.slots, '5,3', '5,3,1,1')
