/** Every example as a process of its own, with real requests. */

import { readFileSync, readdirSync } from 'node:fs'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openPostgres } from '../packages/core/src/testing/flexible-limiters.ts'
import { startMemcached } from '../scripts/servers/memcached.ts'
import { clusterOfRun } from '../scripts/servers/of-run.ts'
import { startRedis } from '../scripts/servers/redis.ts'
import app from './hono-fetch.ts'
import { addressOf, serve, start } from './testing/programs.ts'

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))

/** How many requests are allowed before one is refused. */
async function allowedBeforeRefusal(url: string, init?: RequestInit): Promise<number> {
  for (let allowed = 0; allowed < 100; allowed++) {
    const response = await fetch(url, init)
    await response.text()
    if (response.status === 429) return allowed
    expect(response.status).toBe(200)
  }
  return Infinity
}

const textOf = async (url: string): Promise<string> => (await fetch(url)).text()

/** A limit as it shows on a machine so slow that a part of the window may pass meanwhile. */
function expectLimit(allowed: number, limit: number): void {
  expect(allowed).toBeGreaterThanOrEqual(limit)
  expect(allowed).toBeLessThanOrEqual(limit + 2)
}

const ascending = (a: number, b: number): number => a - b

/** The status of a request from another address of this machine. */
function statusFrom(localAddress: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { localAddress, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

describe.concurrent('examples', () => {
  it('per-ip.ts allows five requests in ten seconds', async () => {
    const url = await serve('per-ip.ts')
    const first = await fetch(url)
    expect(await first.text()).toBe('Hello!\n')
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=5;w=10')
    expect(first.headers.get('ratelimit')).toMatch(/^"default";r=4;t=\d+$/)
    expect(first.headers.get('x-ratelimit-remaining')).toBe('4')
    expectLimit(await allowedBeforeRefusal(url), 4)
    const refused = await fetch(url)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await refused.json()).toMatchObject({ status: 429, 'violated-policies': ['default'] })
  })

  it('api-key-tiers.ts gives each account the limit of its plan', async () => {
    const program = start('api-key-tiers.ts')
    const url = await addressOf(program)
    const free = { headers: { 'x-api-key': 'key-of-a-free-account' } }
    const paid = { headers: { 'x-api-key': 'key-of-a-paid-account' } }
    expectLimit(await allowedBeforeRefusal(url, free), 5)
    expectLimit(await allowedBeforeRefusal(url, paid), 20)
    const madeUp = await Promise.all(
      [1, 2, 3].map((key) => fetch(url, { headers: { 'x-api-key': `made-up-${key}` } })),
    )
    expect(madeUp.map(({ status }) => status).toSorted(ascending)).toEqual([200, 200, 429])
    const lookUpsOf = (account: string): number => program.stdout().split(`plan of ${account}\n`).length - 1
    expect(['account-1', 'account-2', 'undefined'].map(lookUpsOf)).toEqual([1, 1, 1])
    expect((await fetch(`${url}/upgrade`, { method: 'POST', ...free })).status).toBe(200)
    const upgraded = await fetch(url, free)
    expect(upgraded.status).toBe(200)
    expect(upgraded.headers.get('ratelimit-policy')).toBe('"default";q=20;w=10')
  })

  it('allow-and-deny.ts goes by its lists as they are by then', async () => {
    const url = await serve('allow-and-deny.ts', { ADMIN_TOKEN: 'secret' })
    const as = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(url, { headers })).status
    const both = async (): Promise<number[]> => [
      await as({ 'x-user': 'bob' }),
      await as({ 'x-forwarded-for': '203.0.113.7' }),
    ]
    const change = async (lists: object, token = 'secret'): Promise<Response> =>
      fetch(`${url}/lists`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(lists),
      })
    expectLimit(await allowedBeforeRefusal(url, { headers: { 'x-user': 'ada' } }), 3)
    for (let request = 0; request < 5; request++) expect(await as({ 'x-user': 'monitoring' })).toBe(200)
    expect(await as({ 'x-forwarded-for': '203.0.113.7' })).toBe(200)

    expect((await change({ deny: { keys: ['user:bob'] } }, 'guessed')).status).toBe(401)
    expect((await change({ deny: { keys: ['user:bob'], addresses: ['203.0.113.0/24'] } })).status).toBe(200)
    expect(await both()).toEqual([403, 403])

    const mistaken = await change({ deny: { addresses: ['10.0.0.0/33'] } })
    expect(mistaken.status).toBe(400)
    expect(await mistaken.text()).toContain('CIDR')

    const forgiven = await change({ forgive: { keys: ['user:bob'] } })
    expect(await forgiven.json()).toEqual({ denied: ['203.0.113.0/24'] })
    expect(await both()).toEqual([200, 403])
  })

  it('users-and-guests.ts limits users by account and guests by address', async () => {
    const url = await serve('users-and-guests.ts')
    expectLimit(await allowedBeforeRefusal(url), 3)
    expectLimit(await allowedBeforeRefusal(url, { headers: { cookie: 'session=session-1' } }), 10)
    const other = await fetch(url, { headers: { cookie: 'session=session-2' } })
    expect(await other.text()).toBe('Hello, user-2! 9 requests left.\n')
  })

  it('two-policies.ts decides both together', async () => {
    const url = await serve('two-policies.ts')
    const first = await fetch(url)
    expect(await first.text()).toBe('Left: burst 4, daily 19\n')
    expect(first.headers.get('ratelimit-policy')).toMatch(/^"burst";q=5;w=5, "daily";q=20;w=\d+$/)
    const more = await Promise.all(Array.from({ length: 14 }, () => fetch(url)))
    const refused = more.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(await refused[0]?.json()).toMatchObject({ 'violated-policies': ['burst'] })
    // A refusal by the burst cost nothing of the day.
    await sleep(1100)
    const last = await fetch(url)
    expect(last.headers.get('ratelimit')).toContain(
      `"daily";r=${20 - 1 - (more.length - refused.length) - 1};`,
    )
  })

  it('monthly-quota.ts allows bursts inside a quota of the month', async () => {
    const url = await serve('monthly-quota.ts')
    expect(await textOf(url)).toBe('No key, no answer.\n')
    const ada = { headers: { 'x-api-key': 'ada' } }
    const first = await fetch(url, ada)
    expect(await first.text()).toBe('999 of 1000 left this month\n')
    expect(first.headers.get('ratelimit-policy')).toBe('"burst";q=20;w=4, "monthly";q=1000;w=2678400')
    const more = await Promise.all(Array.from({ length: 60 }, () => fetch(url, ada)))
    const refused = more.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(await refused[0]?.json()).toMatchObject({ 'violated-policies': ['burst'] })
    // What the burst refused cost nothing of the month.
    await sleep(1100)
    const last = await fetch(url, ada)
    expect(await last.text()).toBe(
      `${1000 - 1 - (more.length - refused.length) - 1} of 1000 left this month\n`,
    )
  })

  it('cost-per-request.ts charges for what is asked', async () => {
    const url = `${await serve('cost-per-request.ts')}/lookups`
    const batch = (size: number): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(Array.from({ length: size }, (_, index) => index)),
      })
    const first = await batch(60)
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=100;qu="lookups";w=10')
    expect(await first.json()).toEqual({ found: 60, remaining: 40 })
    const refused = await batch(90)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toMatch(/^[345]$/)
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('100 lookups') })
    // A batch that never fits is told no time to come back.
    expect((await batch(101)).headers.has('retry-after')).toBe(false)
    expect((await batch(1)).status).toBe(200)
  })

  it('prepaid.ts grants a payment once, and refuses who has too few credits', async () => {
    const url = await serve('prepaid.ts', { WEBHOOK_SECRET: 'made up' })
    const report = (key: string): Promise<Response> =>
      fetch(`${url}/report`, { headers: { 'x-api-key': key } })
    const pay = (id: string, authorization = 'Bearer made up'): Promise<Response> =>
      fetch(`${url}/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ id, account: 'account:ada', credits: 5 }),
      })
    expect((await report('made up')).status).toBe(401)
    const refused = await report('key-of-ada')
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([402, false])
    expect(refused.headers.get('ratelimit')).toBe('"credits";r=0')
    expect(await refused.json()).toMatchObject({ detail: 'No credits left.' })
    expect((await pay('payment 1', 'Bearer made-up')).status).toBe(401)
    const [first, second] = await Promise.all([pay('payment 1'), pay('payment 1')])
    const granted = [await first?.json(), await second?.json()] as { granted: boolean; remaining: number }[]
    expect(granted.filter((grant) => grant.granted).length).toBe(1)
    expect(granted.map(({ remaining }) => remaining)).toEqual([5, 5])
    expect(await (await report('key-of-ada')).text()).toBe('Your report. Credits left: 3.\n')
    expect((await report('key-of-ada')).status).toBe(200)
    const few = await report('key-of-ada')
    expect(await few.json()).toMatchObject({ detail: 'This request costs 2; 1 credit is left.' })
    expect((await report('key-of-eve')).status).toBe(402)
    expect(await (await pay('payment 2')).json()).toEqual({ granted: true, limit: 6, remaining: 6 })
    expect((await report('key-of-ada')).status).toBe(200)
  })

  it('concurrency.ts makes two reports at once', async () => {
    const url = `${await serve('concurrency.ts')}/report`
    const three = await Promise.all([1, 2, 3].map(() => fetch(url)))
    expect(three.map(({ status }) => status).toSorted(ascending)).toEqual([200, 200, 429])
    const refused = three.find(({ status }) => status === 429)
    expect(refused?.headers.has('retry-after')).toBe(false)
    expect(await refused?.text()).toMatch(/^Two of your reports/)
    const made = three.filter(({ status }) => status === 200)
    await Promise.all(made.map((response) => response.text()))
    expect((await fetch(url)).status).toBe(200)
  })

  it('behind-a-proxy.ts believes the proxy and not the client', async () => {
    const url = await serve('behind-a-proxy.ts')
    const pretending = await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect(await pretending.text()).toBe('You are ip:127.0.0.1.\n')
    const other = await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.2' } })
    expect(other.headers.get('x-ratelimit-remaining')).toBe('1')
    expectLimit(await allowedBeforeRefusal(url), 1)
  })

  // Only Linux has more than one address of its own without being told.
  it.runIf(process.platform === 'linux')('behind-a-proxy.ts tells two clients apart', async () => {
    const url = await serve('behind-a-proxy.ts')
    expectLimit(await allowedBeforeRefusal(url), 3)
    expect(await statusFrom('127.0.0.2', url)).toBe(200)
  })

  it('hono-fetch.ts answers without any server', async () => {
    const from = (address: string): Promise<Response> =>
      Promise.resolve(
        app.fetch(new Request('http://edge.example/', { headers: { 'cf-connecting-ip': address } })),
      )
    for (const left of [4, 3, 2, 1, 0]) {
      expect(await (await from('192.0.2.1')).text()).toBe(`${left} requests left.\n`)
    }
    expect((await from('192.0.2.1')).status).toBe(429)
    expect((await from('192.0.2.2')).status).toBe(200)
  })

  it('hono-fetch-on-node.ts serves it', async () => {
    const url = await serve('hono-fetch-on-node.ts')
    expectLimit(await allowedBeforeRefusal(url), 5)
  })

  it('jobs.ts sends all of its messages and ends', async () => {
    const { code, stdout, stderr } = await start('jobs.ts').ended
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.match(/message \d+ sent/g)?.length).toBe(12)
    expect(stdout).toMatch(/message 4 failed .* its unit is back/)
    expect(stdout).toMatch(/message \d+ waits \d+ ms/)
    // Five at once, ten a second: seven more take 700 ms.
    expect(Number(/(\d+) ms {2}done/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(690)
  })

  it('redis.ts counts in all processes together, and in each one while Redis is away', async () => {
    const redis = await startRedis()
    const env = { REDIS_URL: redis.url }
    const programs = [start('redis.ts', [], env), start('redis.ts', [], env)] as const
    const [one, other] = [await addressOf(programs[0]), await addressOf(programs[1])]
    expect(await textOf(one)).toBe('4 requests left, says the store.\n')
    expect(await textOf(other)).toBe('3 requests left, says the store.\n')
    await redis.kill()
    expect(await textOf(one)).toBe('4 requests left, says the fallback.\n')
    expect(await textOf(other)).toBe('4 requests left, says the fallback.\n')
    // After five failures in a row each asks for it in the background.
    for (const url of [one, other]) expectLimit(await allowedBeforeRefusal(url), 4)
    await redis.restart()
    await Promise.all(programs.map((program) => program.says(/^counting in Redis again, after \d+ ms$/m)))
    expect(await textOf(one)).toBe('4 requests left, says the store.\n')
    expectLimit(await allowedBeforeRefusal(other), 4)
    expect((await fetch(one)).status).toBe(429)
    await redis.stop()
  })

  it('redis-cluster.ts decides three policies together', async () => {
    const { nodes } = await clusterOfRun()
    const env = { REDIS_NODES: nodes.map(({ host, port }) => `${host}:${port}`).join() }
    const url = await serve('redis-cluster.ts', env)
    expect(await textOf(url)).toBe('Left: burst 4, daily 999, everyone 499\n')
    expectLimit(await allowedBeforeRefusal(url), 4)
    const refused = await fetch(url)
    expect(await refused.json()).toMatchObject({ 'violated-policies': ['burst'] })
  })

  it('memcached.ts counts in all processes together, and lets all pass while Memcached is away', async () => {
    const memcached = await startMemcached()
    const env = { MEMCACHED_URL: memcached.address }
    const programs = [start('memcached.ts', [], env), start('memcached.ts', [], env)] as const
    const [one, other] = [await addressOf(programs[0]), await addressOf(programs[1])]
    expect(await textOf(one)).toBe('4 requests left.\n')
    expect(await textOf(other)).toBe('3 requests left.\n')
    expectLimit(await allowedBeforeRefusal(one), 3)
    expect((await fetch(other)).status).toBe(429)
    await memcached.kill()
    const unlimited = await fetch(other)
    expect(await unlimited.text()).toBe('Infinity requests left.\n')
    expect(unlimited.headers.has('ratelimit')).toBe(false)
    for (let request = 1; request < 5; request++) await textOf(other)
    await memcached.restart()
    await programs[1].says(/^limiting again, after \d+ ms$/m)
    expect(await textOf(other)).toBe('4 requests left.\n')
    await memcached.stop()
  })

  it('rate-limiter-flexible.ts counts in PostgreSQL, and by its insurance while that is away', async () => {
    const postgres = await openPostgres()
    const program = start('rate-limiter-flexible.ts', [], { DATABASE_URL: postgres.url })
    const url = await addressOf(program)
    await program.says(/^counting in PostgreSQL$/m)
    expect(await textOf(url)).toBe('4 requests left.\n')
    expect((await fetch(`${url}/missing`)).status).toBe(404)
    expect(await textOf(url)).toBe('1 requests left.\n')
    expectLimit(await allowedBeforeRefusal(url), 1)
    expect(Number((await fetch(url)).headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    await postgres.stop()
    expect(await textOf(url)).toBe('4 requests left.\n')
    program.kill('SIGKILL')
    await postgres.close()
  })

  it('jobs-in-turn.ts starts a job every 100 ms, and not those that would be late', async () => {
    const { code, stdout, stderr } = await start('jobs-in-turn.ts').ended
    expect([code, stderr]).toEqual([0, ''])
    const started = Array.from(stdout.matchAll(/(\d+) ms {2}job (\d+) starts/g), ([, ms, job]) =>
      [ms, job].map(Number),
    )
    expect(started.map(([, job]) => job)).toEqual([1, 2, 3, 4, 5, 6])
    for (const [index, [ms = 0]] of started.entries()) expect(ms).toBeGreaterThanOrEqual(index * 100 - 1)
    expect(stdout.match(/job (7|8|9|10) would have to wait \d+ ms/g)?.length).toBe(4)
  })

  it('llm-tokens.ts settles what it reserved', async () => {
    const { code, stdout, stderr } = await start('llm-tokens.ts').ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual([
      "'Why?' cost 400 tokens, 9600 left",
      'failed (no question): its tokens are back, 9600 left',
      "'What is the meaning of all this, please?' cost 4000 tokens, 5600 left",
      "'And now?' cost 800 tokens, 4800 left",
      "'Is there anything left at all for me?' cost 3700 tokens, 1100 left",
      "'No?' is refused: come back in 60 minutes",
      '',
    ])
  })
})

describe('examples/README.md', () => {
  const readme = readFileSync(new URL('README.md', folder), 'utf8')

  it.each(files)('has a command for %s', (file) => {
    expect(readme).toContain(file === 'hono-fetch.ts' ? file : `npx tsx examples/${file}`)
  })

  it('has no command for what is not there', () => {
    const named = Array.from(readme.matchAll(/npx tsx examples\/(\S+\.ts)/g), ([, name]) => name)
    expect(named.filter((name) => !files.includes(name ?? ''))).toEqual([])
  })
})

it.each(files)('%s is short enough to be copied', (file) => {
  expect(readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60)
})
