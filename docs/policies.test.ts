/** The programs of docs/policies.md, with the requests that its text speaks of. Time stands still where it can. */

import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { calendarWindow, createLimiter, memoryStore, tokenBucket } from '../packages/core/src/index.ts'
import { startRedis } from '../scripts/servers/redis.ts'
import { read, sectionOf } from './testing/markdown.ts'
import { Redis } from './testing/peers.ts'
import { runProgram } from './testing/programs.ts'
import { type Seen, type Send, type Sent, statusesOf } from './testing/requests.ts'

const page = 'docs/policies.md'
const headings = Array.from(read(page).matchAll(/^## (.+)$/gm), ([, heading = '']) => heading)
const programOf = (heading: string): string =>
  /^```ts\n([^]*?)^```$/m.exec(sectionOf(page, heading))?.[1] ?? ''

/** Milliseconds that have passed since the program was started. */
let passed = 0
function stopTime(): void {
  passed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => 1000 + passed)
}
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** Runs the program of a recipe, while time stands still. */
function run(heading: string): Promise<Send> {
  stopTime()
  return runProgram(programOf(heading))
}

/** Runs the program of a recipe that needs time to go on. */
const runLive = (heading: string): Promise<Send> => runProgram(programOf(heading))

const by = (headers: Record<string, string>, more: Sent = {}): Sent => ({ ...more, headers })
const key = (value: string): Sent => by({ 'X-Api-Key': value })
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const atOnce = (send: Send, count: number, sent: Sent): Promise<Seen[]> =>
  Promise.all(times(count, sent).map((one) => send(one)))
const statuses = (seen: readonly Seen[]): number[] =>
  seen.map(({ status }) => status).toSorted((a, b) => a - b)
const policy = ({ headers }: Seen): unknown => headers['ratelimit-policy']
const detail = ({ body }: Seen): unknown => (JSON.parse(body) as { detail?: string }).detail
const wait = ({ headers }: Seen): unknown => headers['retry-after']
const near = ({ headers }: Seen): unknown => headers['x-ratelimit-nearlimit']

describe('the recipe', () => {
  it('A public API by plan', async () => {
    const send = await run('A public API by plan')
    expect(policy(await send(key('key-of-ada')))).toBe('"default";q=600;w=60')
    const bob = await atOnce(send, 47, key('key-of-bob'))
    expect(bob.map(policy)).toEqual(times(47, '"default";q=60;w=60'))
    expect(bob.map(near)).toEqual(times(47, undefined))
    const late = await send(key('key-of-bob'))
    expect([late.body, near(late)]).toEqual(['12 requests left', 'true'])
    expect(await statusesOf(send, 12, key('key-of-bob'))).toEqual(times(12, 200))
    const refused = await send(key('key-of-bob'))
    expect(refused).toMatchObject({ status: 429, headers: { 'content-type': 'application/problem+json' } })
    expect(Number(wait(refused))).toBeGreaterThanOrEqual(1)
    const madeUp = await Promise.all(Array.from({ length: 11 }, (_, index) => send(key(`made-up-${index}`))))
    expect(statuses(madeUp)).toEqual([...times(10, 200), 429])
    expect(policy(madeUp[0]!)).toBe('"default";q=10;w=60')
  })

  it('Bursts inside a quota', async () => {
    const send = await run('Bursts inside a quota')
    const first = await send()
    expect(policy(first)).toBe('"burst";q=20;w=2, "daily";q=10000;w=86400')
    await statusesOf(send, 19)
    const refused = await send()
    expect([refused.status, wait(refused)]).toEqual([429, '1'])
    expect(refused.headers['ratelimit']).toContain('"daily";r=9980;')
    passed += 100
    expect(await statusesOf(send, 2)).toEqual([200, 429])
  })

  it('Limits by endpoint and method, below a ceiling', async () => {
    const send = await run('Limits by endpoint and method, below a ceiling')
    const names = (seen: Seen): string[] =>
      Array.from(String(policy(seen)).matchAll(/"(\w+)"/g), ([, name = '']) => name)
    expect(names(await send({ path: '/search' }))).toEqual(['everyone', 'reads', 'search'])
    expect(names(await send({ method: 'POST' }))).toEqual(['everyone', 'writes'])
    expect(statuses(await atOnce(send, 10, { path: '/search' }))).toEqual([...times(9, 200), 429])
    expect(statuses(await atOnce(send, 31, { method: 'PUT' }))).toEqual([...times(29, 200), 429, 429])
    const left = (await send()).headers['ratelimit']
    // 10 searches, 30 writes and this one: what was refused took nothing from the ceiling.
    expect(left).toContain(`"everyone";r=${500 - 41};`)
  })

  it('A campus behind one address', async () => {
    const send = await run('A campus behind one address')
    const from = (address: string, session?: string): Sent =>
      by({ 'X-Forwarded-For': address, ...(session && { 'X-Session': `session of ${session}` }) })
    const v4 = '203.0.113.7'
    expect(statuses(await atOnce(send, 61, from(v4)))).toEqual([...times(60, 200), 429])
    expect(statuses(await atOnce(send, 121, from(v4, 'ada')))).toEqual([...times(120, 200), 429])
    const bob = await send(from(v4, 'bob'))
    expect(policy(bob)).toBe('"account";q=120;w=60, "address";q=6000;w=60')
    expect(bob.headers['ratelimit']).toContain(`"address";r=${6000 - 60 - 120 - 1};`)
    // Guests of one household, of another one, and the campus of both.
    expect(statuses(await atOnce(send, 60, from('2001:db8:0:100::1')))).toEqual(times(60, 200))
    expect(await send(from('2001:db8:0:1ff::2'))).toMatchObject({ status: 429 })
    const other = await send(from('2001:db8:0:200::1'))
    expect(other).toMatchObject({ status: 200 })
    expect(other.headers['ratelimit']).toContain(`"guests";r=59;`)
    expect(other.headers['ratelimit']).toContain(`"address";r=${6000 - 61};`)
  })

  it('Uploads by bytes', async () => {
    const send = await run('Uploads by bytes')
    const upload = (size: number, headers = {}): Promise<Seen> =>
      send({
        path: '/files/a',
        method: 'PUT',
        body: 'x'.repeat(size),
        headers: { Connection: 'keep-alive', ...headers },
      })
    const first = await upload(4_000_000)
    expect(first.status).toBe(201)
    expect(policy(first)).toBe('"default";q=10000000;qu="content-bytes";w=10')
    const [large, chunked] = await Promise.all([
      upload(10_000_001),
      upload(10, { 'Transfer-Encoding': 'chunked' }),
    ])
    expect([large.status, wait(large), chunked.status]).toEqual([413, undefined, 411])
    expect(statuses(await Promise.all([upload(4_000_000), upload(4_000_000)]))).toEqual([201, 429])
    const refused = await upload(5_000_000)
    expect([refused.status, wait(refused)]).toEqual([429, '3'])
    expect(detail(refused)).toContain('2000000 of 10000000 bytes per 10 seconds are left')
    passed += 10_000
    const [path, method, headers] = ['/files/a', 'PUT', { 'Content-Length': '4000000' }]
    const left = { path, method, headers, body: 'x'.repeat(1_000_000), signal: AbortSignal.timeout(200) }
    await expect(send(left)).rejects.toThrow('aborted')
    await vi.waitFor(async () =>
      expect((await upload(1)).headers['ratelimit']).toMatch(/"default";r=89999\d\d;/),
    )
  })

  it('A batch endpoint by items', async () => {
    const send = await run('A batch endpoint by items')
    const batch = (body: string): Promise<Seen> =>
      send({ path: '/lookups', method: 'POST', body, headers: { Connection: 'keep-alive' } })
    const of = (size: number): string => JSON.stringify(times(size, 1))
    expect(await batch(of(60))).toMatchObject({ status: 200, body: '{"found":60}' })
    const refused = await batch(of(60))
    expect([refused.status, wait(refused), detail(refused)]).toEqual([
      429,
      '2',
      'This request costs 60; 40 of 100 items per 10 seconds are left. Try again in 2 seconds.',
    ])
    const large = await batch(of(101))
    expect([large.status, wait(large)]).toEqual([413, undefined])
    for (const body of ['[]', '{}', '5', 'null', '"text"', 'nonsense'])
      expect(await batch(body)).toMatchObject({ status: 400 })
    expect(await batch(`[${'1,'.repeat(60_000)}1]`)).toMatchObject({ status: 413 })
    expect(await batch(of(40))).toMatchObject({ status: 200 })
  })

  it('Webhooks in', async () => {
    const send = await runLive('Webhooks in')
    const event = (sender: string, secret: string, body = '{}'): Sent => ({
      method: 'POST',
      body,
      headers: {
        'X-Sender': sender,
        'X-Signature': createHmac('sha256', secret).update('{}').digest('hex'),
      },
    })
    const shop = event('shop', 'secret of the shop')
    expect(await send(event('shop', 'a guess'))).toMatchObject({ status: 401 })
    expect(await send(event('shop', 'secret of the shop', '{ }'))).toMatchObject({ status: 401 })
    expect(await send(event('nobody', 'secret of the shop'))).toMatchObject({ status: 401 })
    expect(await send(event('shop', 'secret of the shop', 'x'.repeat(100_001)))).toMatchObject({
      status: 413,
    })
    const from = Date.now()
    let lastDecidedMs = 0
    const deliver = async (): Promise<Seen> => {
      const answer = await send(shop)
      if (answer.status === 503) lastDecidedMs = Date.now() - from
      return answer
    }
    const seen = await Promise.all(times(400, 0).map(deliver))
    expect(Date.now() - from).toBeGreaterThanOrEqual(2900)
    const accepted = seen.filter(({ status }) => status === 202).length
    expect(accepted).toBeGreaterThanOrEqual(250)
    expect(accepted).toBeLessThanOrEqual(251 + (50 * lastDecidedMs) / 1000)
    const refused = seen.filter(({ status }) => status !== 202)
    expect(refused.map(({ status }) => status)).toEqual(times(400 - accepted, 503))
    expect(refused.length).toBeGreaterThan(0)
    // It is told last what a slow machine has had time to make shorter.
    for (const one of refused) expect(['3', '4']).toContain(wait(one))
    expect(await send(event('bank', 'secret of the bank'))).toMatchObject({ status: 202 })
  })

  it('Internal service to service', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    vi.stubEnv('REDIS_URL', redis.url)
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const quiet = ['error', 'warn'] as const
    for (const level of quiet) vi.spyOn(console, level).mockImplementation(() => undefined)
    const connect = vi.spyOn(Redis.prototype, 'connect')
    onTestFinished(() => connect.mock.contexts.forEach((client) => (client as Redis).disconnect()))
    const send = await runLive('Internal service to service')
    const billing = by({ 'X-Service': 'billing' })
    await vi.waitFor(async () => expect((await send(billing)).headers['ratelimit']).toBeDefined())
    expect(policy(await send(billing))).toBe('"in-flight";q=20;qu="concurrent-requests"')
    expect(await statusesOf(send, 5)).toEqual(times(5, 200))
    // On a machine so slow that few are in flight together, or Redis late, once more.
    await vi.waitFor(async () => {
      const crowd = await atOnce(send, 60, by({ 'X-Service': 'reports' }))
      const refused = crowd.filter(({ status }) => status !== 200)
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.length).toBeLessThanOrEqual(40)
      for (const one of refused)
        expect([one.status, wait(one), detail(one)]).toEqual([
          429,
          undefined,
          'Limit of 20 concurrent requests reached.',
        ])
    }, 20_000)
    await vi.waitFor(async () => {
      await atOnce(send, 20, billing)
      expect(log).toHaveBeenCalledWith('billing is above its rate')
    }, 20_000)
    await redis.stop()
    const open = await vi.waitFor(async () => {
      const seen = await send(billing)
      expect(policy(seen)).toBeUndefined()
      return seen
    })
    expect(open.status).toBe(200)
  })

  it('A monthly quota, with a warning by e-mail', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const send = await run('A monthly quota, with a warning by e-mail')
    expect(await send(key('a guess'))).toMatchObject({ status: 401 })
    const ada = key('key-of-ada')
    for (let round = 0; round < 8; round++) await atOnce(send, round < 7 ? 100 : 99, ada)
    expect(log).not.toHaveBeenCalled()
    const at80 = await send(ada)
    expect([at80.body, near(at80)]).toEqual(['200 left', 'true'])
    await vi.waitFor(() => expect(log.mock.calls).toEqual([['to ada@example.com: 800 of 1000 are used']]))
    await Promise.all([atOnce(send, 100, ada), atOnce(send, 100, ada)])
    const refused = await send(ada)
    expect(refused.status).toBe(429)
    expect(Number(wait(refused))).toBeLessThanOrEqual(31 * 86_400)
    expect(Number(wait(refused))).toBeGreaterThan(0)
    expect(log.mock.calls).toEqual([
      ['to ada@example.com: 800 of 1000 are used'],
      ['to ada@example.com: 1000 of 1000 are used'],
    ])
  })

  it('Sandbox keys with looser limits', async () => {
    const send = await run('Sandbox keys with looser limits')
    expect(await send(key('test_made_up'))).toMatchObject({ status: 401 })
    const live = await atOnce(send, 101, key('live_ada'))
    expect(statuses(live)).toEqual([...times(100, 200), 429])
    expect(policy(live[0]!)).toBe('"live";q=100;w=60')
    const sandbox = await atOnce(send, 301, key('test_ada'))
    expect(statuses(sandbox)).toEqual([...times(300, 200), 429])
    expect(policy(sandbox[0]!)).toBe('"sandbox";q=1000;w=60, "sandboxes";q=300;w=6')
    expect(sandbox[0]?.body).toBe('made-up data')
  })

  it('Prepaid credits', async () => {
    const send = await run('Prepaid credits')
    const first = await send({ path: '/report' })
    expect([first.body, policy(first)]).toEqual(['3 credits left', '"credits";q=5;qu="credits"'])
    expect(await send({ path: '/report?broken' })).toMatchObject({ status: 500, body: '1 credits left' })
    expect(await send({ path: '/report' })).toMatchObject({ status: 200, body: '1 credits left' })
    const refused = await send({ path: '/report' })
    expect([refused.status, wait(refused)]).toEqual([402, undefined])
  })

  it('Only failed logins count', async () => {
    const send = await run('Only failed logins count')
    const login = (user: string, password: string): Sent => ({
      path: '/login',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ user, password }),
    })
    expect(await statusesOf(send, 8, login('ada', 'correct horse'))).toEqual(times(8, 204))
    expect(statuses(await atOnce(send, 100, login('ada', 'guess')))).toEqual([
      ...times(5, 401),
      ...times(95, 429),
    ])
    expect(await send(login('ada', 'correct horse'))).toMatchObject({ status: 429 })
    expect(await send(login('bob', 'correct horse'))).toMatchObject({ status: 204 })
    for (let user = 0; user < 9; user++) await statusesOf(send, 5, login(`user-${user}`, 'guess'))
    expect(await send(login('bob', 'correct horse'))).toMatchObject({ status: 429 })
  })

  it('Instead of refusing: hold back, or answer less', async () => {
    const send = await runLive('Instead of refusing: hold back, or answer less')
    const from = Date.now()
    const ended: number[] = []
    const timed = async (): Promise<Seen> => {
      const seen = await send({ path: '/export' })
      if (seen.status === 200) ended.push(Date.now() - from)
      return seen
    }
    const seen = await Promise.all(times(7, 0).map(timed))
    expect(statuses(seen)).toEqual([...times(6, 200), 429])
    expect(seen.filter(({ status }) => status === 429).map(wait)).toEqual(['1'])
    for (const [turn, ms] of ended.entries()) expect(ms).toBeGreaterThanOrEqual(turn * 100 - 5)

    const asked = { path: '/suggest?q=water' }
    await statusesOf(send, 9, asked)
    const tenth = await send(asked)
    expect(JSON.parse(tenth.body)).toEqual({ suggestions: ['water to go'], isReduced: false })
    const reduced = await send(asked)
    expect(JSON.parse(reduced.body)).toEqual({ suggestions: ['coffee', 'tea'], isReduced: true })
    expect(reduced).toMatchObject({
      status: 200,
      headers: { 'retry-after': '1', 'cache-control': 'no-store', ratelimit: '"default";r=0;t=1' },
    })
  })

  it('A new limit, tried out first', async () => {
    const send = await run('A new limit, tried out first')
    expect(policy(await send())).toBe('"now";q=300;w=60')
    const seen = await atOnce(send, 102, {})
    expect(statuses(seen)).toEqual(times(102, 200))
    expect(JSON.parse((await send()).body)).toEqual({ hit: { 'ip:127.0.0.1': 4 } })
  })
})

it('the numbers of bursts inside a quota are what comes of the two policies', () => {
  let now = Date.UTC(2026, 8, 21)
  const limiter = createLimiter({
    store: memoryStore({ clock: () => now }),
    policies: [
      { name: 'burst', algorithm: tokenBucket({ capacity: 20, refill: 10, per: '1s' }) },
      { name: 'daily', algorithm: calendarWindow({ limit: 10_000, every: 'day', timeZone: 'UTC' }) },
    ],
  })
  const from = now
  let taken = 0
  let inFirstMinute = 0
  for (;;) {
    const decision = limiter.take('client')
    if (decision.allowed) taken++
    else if (decision.policy === 'daily') break
    else now += decision.retryAfterMs
    if (decision.allowed && now - from < 60_000) inFirstMinute = taken
  }
  expect([taken, now - from, inFirstMinute]).toEqual([10_000, 998_000, 619])
})

describe('the cookbook', () => {
  const told = Array.from(read('docs/policies.test.ts').matchAll(/^ {2}it\('(.+)',/gm), ([, title]) => title)

  it('has a test for every recipe whose program serves, and an example for the others', () => {
    const served = headings.filter((heading) => /\.listen\(3000\)|port: 3000/.test(programOf(heading)))
    expect(told.slice(0, served.length)).toEqual(served)
    expect(headings.filter((heading) => !served.includes(heading))).toEqual(['An LLM gateway', 'GraphQL'])
  })

  it.each(headings)('%s has a program of at most 35 lines', (heading) => {
    const lines = programOf(heading).trim().split('\n').length
    expect(lines).toBeGreaterThan(1)
    expect(lines).toBeLessThanOrEqual(35)
  })

  it('has at most 450 lines, and programs for all three frameworks', () => {
    expect(read(page).trimEnd().split('\n').length).toBeLessThanOrEqual(450)
    for (const name of ['express', 'koa', 'hono']) expect(read(page)).toContain(`from '@sluice/${name}'`)
  })
})
