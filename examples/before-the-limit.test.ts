/** What examples do before a limit is reached, and instead of refusing: each a process of its own. */

import { describe, expect, it } from 'vitest'
import { addressOf, serve, start } from './testing/programs.ts'

describe.concurrent('examples', () => {
  it('quota-warning.ts sends one e-mail at each threshold', async () => {
    const program = start('quota-warning.ts')
    const url = await addressOf(program)
    const ask = (key: string): Promise<Response> => fetch(url, { headers: { 'x-api-key': key } })
    expect((await fetch(url)).status).toBe(401)
    const near: (string | null)[] = []
    for (let request = 0; request < 100; request++)
      near.push((await ask('key-of-ada')).headers.get('x-ratelimit-nearlimit'))
    expect(near.indexOf('true')).toBe(79)
    expect(near.slice(79)).toEqual(Array.from({ length: 21 }, () => 'true'))
    for (let request = 0; request < 3; request++) expect((await ask('key-of-ada')).status).toBe(429)
    expect((await ask('key-of-bob')).status).toBe(200)
    expect(program.stdout().match(/^mail.*$/gm)).toEqual([
      'mail to ada@example.com: 80 of 100 requests are used (80 %).',
      'mail to ada@example.com: 100 of 100 requests are used (100 %).',
    ])
    program.kill('SIGKILL')
  })

  it('hold-back.ts answers a burst in order, and refuses what would be late', async () => {
    const program = start('hold-back.ts')
    const url = await addressOf(program)
    const from = performance.now()
    const answers = await Promise.all(Array.from({ length: 9 }, () => fetch(url)))
    const tookMs = performance.now() - from
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    // One at once and five within a second; on a slow machine turns come free meanwhile.
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(6)
    expect(tookMs).toBeGreaterThan(900)
    const waits = answers
      .filter(({ status }) => status === 429)
      .map(({ headers }) => headers.get('retry-after'))
    expect(waits.every((wait) => wait === '1' || wait === '2')).toBe(true)
    expect(program.stdout().match(/^held back for \d+ ms$/gm)?.length).toBeGreaterThanOrEqual(5)
    program.kill('SIGKILL')
  })

  it('reduced-answer.ts answers from what it has', async () => {
    const url = await serve('reduced-answer.ts')
    const ask = async (city: string): Promise<[number, unknown]> => {
      const response = await fetch(`${url}/forecasts/${city}`)
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      return [response.status, isJson ? await response.json() : await response.text()]
    }
    const [, whole] = await ask('cairo')
    expect(whole).toMatchObject({ city: 'cairo', hours: { length: 24 } })
    for (let request = 0; request < 4; request++) expect((await ask('nowhere'))[0]).toBe(404)
    const { at } = whole as { at: string }
    expect(await ask('cairo')).toEqual([200, { city: 'cairo', at, hours: expect.anything(), reduced: true }])
    const reduced = await fetch(`${url}/forecasts/cairo`)
    expect(reduced.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/)
    expect(reduced.headers.has('retry-after')).toBe(true)
    expect(await ask('bogota')).toEqual([
      429,
      expect.stringMatching(/^Nothing yet. Try again in \d+ seconds/),
    ])
  })
})
