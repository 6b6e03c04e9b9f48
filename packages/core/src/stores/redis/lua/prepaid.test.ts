/** Balances are decided in Lua as in TypeScript, and granted, too. */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../../../scripts/servers/of-run.ts'
import { decideScript, grantScript } from '../script.ts'
import { prepaid } from './prepaid.ts'
import { balances, firstBalanceAmiss } from './testing/balances.ts'
import { grantMutants, prepaidMutants } from './testing/balance-mutants.ts'
import type { Mutant } from './testing/mutants.ts'
import type { Evaluate } from './testing/replay.ts'

const seed = process.env['CI'] ? 20261122 : Date.now() % 2 ** 31
const decisions = 10 * Number(process.env['LAW_RUNS'] ?? 10_000)

let client: Redis
beforeAll(async () => {
  client = new Redis((await redisOfRun()).url)
})
afterAll(() => client.quit())
const evaluate: Evaluate = (script, args) => client.eval(script, 0, ...args)

const decide = decideScript(['prepaid']).text
const grant = grantScript().text

/** A script with one change of it, which is in one place. */
function changed(script: string, [was, is]: Mutant): string {
  expect([was, script.split(was).length]).toEqual([was, 2])
  return script.replace(was, () => is)
}

describe('prepaid', () => {
  it(`decides and grants as in TypeScript, ${decisions} times from seed ${seed}`, async () => {
    expect(await firstBalanceAmiss(evaluate, decide, grant, balances(decisions, seed))).toBeUndefined()
  })

  it('takes a text that no twin wrote as a key never seen', async () => {
    for (const text of ['', ',', 'x', '{}', '5', '5,3,1', '5,1.5', '5,-1', '5,01'])
      expect(await firstBalanceAmiss(evaluate, decide, grant, balances(200, seed, text))).toBeUndefined()
  })

  const all = [...balances(200, 20261122, '5,3,1'), ...balances(20_000, 20261122)]

  it.each([...prepaidMutants])('is another when %s becomes %s', async (...mutant) => {
    expect(prepaid.lua).toContain(mutant[0])
    const [one, other] = [decide, grant].map((script) => changed(script, mutant))
    expect(await firstBalanceAmiss(evaluate, one!, other!, all).catch(String)).toBeDefined()
  })

  it.each([...grantMutants])('grants otherwise when %s becomes %s', async (...mutant) => {
    const other = changed(grant, mutant)
    expect(await firstBalanceAmiss(evaluate, decide, other, all).catch(String)).toBeDefined()
  })

  it('expires when what lasts for ever is written as all else is', async () => {
    const other = changed(decide, ['if ttl < math.huge then', 'if true then'])
    expect(await firstBalanceAmiss(evaluate, other, grant, all).catch(String)).toBeDefined()
  })
})
