/** Lua reads a text as TypeScript does. */

import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisOfRun } from '../../../../../../scripts/servers/of-run.ts'
import { numbers } from '../../../algorithms/shared.ts'
import { library } from './library.ts'
import { foreignTexts } from './testing/foreign-texts.ts'
import { readingMutants } from './testing/mutants.ts'

let client: Redis
beforeAll(async () => {
  client = new Redis((await redisOfRun()).url)
})
afterAll(() => client.quit())

const texts = fc.sample(foreignTexts, { numRuns: 5000, seed: 20261122 })

/** The texts that Lua reads otherwise. */
async function misread(lua: string): Promise<string[]> {
  const script = `${lua}
    local read = {}
    for i = 1, #ARGV do
      local list = numbers(ARGV[i])
      for j = 1, #list do list[j] = string.format('%.17g', list[j]) end
      read[i] = table.concat(list, ',')
    end
    return read`
  const read = (await client.eval(script, 0, ...texts)) as string[]
  return texts.filter((text, index) => String(numbers(text)) !== read[index])
}

describe('the numbers of a text', () => {
  it('are those that TypeScript reads', async () => {
    expect(texts.filter((text) => numbers(text).length > 0).length).toBeGreaterThan(1000)
    expect(await misread(library)).toEqual([])
  })

  it.each(readingMutants)('are others when %s becomes %s', async (was, is) => {
    expect(library.split(was).length).toBe(2)
    expect(await misread(library.replace(was, () => is)).catch(String)).not.toEqual([])
  })
})
