/** Limiters of rate-limiter-flexible behind real middlewares. */

import { createServer, type Server } from 'node:http'
import { type IRateLimiterOptions, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisOfRun } from '../../../scripts/servers/of-run.ts'
import { startRedis } from '../../../scripts/servers/redis.ts'
import { caseApp, versions as expressVersions } from '../../express/test/app.ts'
import { openByRequest } from '../../hono/test/request.ts'
import { caseServer, versions as koaVersions } from '../../koa/test/app.ts'
import { type FlexibleBridge, fromRateLimiterFlexible } from '../src/bridges/rate-limiter-flexible.ts'
import type { CaseApp, CaseLimiter, CaseRequest, CaseResponse, OpenApp } from '../src/http/index.ts'
import type { OnStoreError } from '../src/store.ts'
import { type Connected, newestKinds } from '../src/testing/redis-clients.ts'
import { newPrefix } from '../src/testing/redis-stores.ts'
import { sendByNode } from './node-http-client.ts'
import { listen } from './node-http-server.ts'

const onNode =
  (serverOf: (app: CaseApp) => Server): OpenApp =>
  async (app) => {
    const listening = await listen(serverOf(app))
    return { send: sendByNode(listening), errors: [], close: listening.close }
  }

const frameworks: Record<string, OpenApp> = {
  Express: onNode((app) => createServer(caseApp(expressVersions['Express 5']!, app, []))),
  Koa: onNode((app) => caseServer(koaVersions['Koa 3']!, app, [])),
  Hono: openByRequest,
}

type Send = (path?: string, headers?: CaseRequest['headers']) => Promise<CaseResponse>

/** Opens an app that is limited by a bridge, which charges the client in x-client for what x-cost says. */
async function open(framework: string, limiter: FlexibleBridge<any>): Promise<Send> {
  const options: CaseLimiter['options'] = (header) => ({
    limiter,
    key: (...args) => header('x-client', ...args),
    cost: (...args) => Number(header('x-cost', ...args) ?? 1),
  })
  const { send, close } = await frameworks[framework]!({ limiters: [{ options }] })
  onTestFinished(async () => close())
  return (path = '/', headers = {}) =>
    send({ method: 'GET', path, headers: { 'x-client': 'ada', ...headers } })
}

async function connect(place: { host: string; port: number }): Promise<Connected> {
  const connected = await newestKinds[0]!.single(place)
  onTestFinished(() => connected.close())
  return connected
}

const onRedis = ({ client }: Connected, options: Partial<IRateLimiterOptions> = {}): RateLimiterRedis =>
  new RateLimiterRedis({ points: 3, duration: 60, storeClient: client, keyPrefix: newPrefix(), ...options })

describe.each(Object.keys(frameworks))('%s', (framework) => {
  it('lets the points pass, with headers, and refuses with a wait', async () => {
    const flexible = onRedis(await connect(await redisOfRun()))
    const get = await open(framework, fromRateLimiterFlexible(flexible, { timeout: '5s' }))
    const first = await get()
    expect(first).toMatchObject({ status: 200, body: 'ok' })
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"default";q=3;w=60',
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-used': '1',
    })
    expect(first.headers['ratelimit']).toMatch(/^"default";r=2;t=(60|59)$/)
    expect(first.headers['retry-after']).toBeUndefined()
    // Who asks the limiter itself counts together with the requests.
    await flexible.consume('ada')
    expect((await get()).headers['x-ratelimit-remaining']).toBe('0')
    const refused = await get()
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-ratelimit-remaining': '0',
    })
    expect(refused.headers['ratelimit']).toMatch(/^"default";r=0;t=(60|59)$/)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(59)
    expect(JSON.parse(refused.body)).toMatchObject({ status: 429, 'violated-policies': ['default'] })
    expect((await get('/', { 'x-client': 'bob' })).status).toBe(200)
  })

  it('shows handlers the decision, charges costs, and tells no wait for what never fits', async () => {
    const limiter = fromRateLimiterFlexible(new RateLimiterMemory({ points: 3, duration: 60 }), {
      name: 'units',
    })
    const get = await open(framework, limiter)
    const seen = JSON.parse((await get('/seen', { 'x-cost': '2' })).body) as object
    expect(seen).toMatchObject({ allowed: true, policy: 'units', limit: 3, used: 2, source: 'store' })
    const never = await get('/', { 'x-cost': '4' })
    expect(never.status).toBe(429)
    expect(never.headers).not.toHaveProperty('retry-after')
    expect((await get()).status).toBe(200)
    expect((await get()).headers).toHaveProperty('retry-after')
    await limiter.reset('ada')
    expect((await get()).headers['x-ratelimit-remaining']).toBe('2')
  })

  it('tells of no window and no wait where the points never come back', async () => {
    const limiter = fromRateLimiterFlexible(new RateLimiterMemory({ points: 1, duration: 0 }))
    const get = await open(framework, limiter)
    const first = await get()
    expect(first.headers['ratelimit-policy']).toBe('"default";q=1')
    expect(first.headers['ratelimit']).toBe('"default";r=0')
    const refused = await get()
    expect(refused.status).toBe(429)
    expect(refused.headers).not.toHaveProperty('retry-after')
    expect(refused.headers).not.toHaveProperty('x-ratelimit-reset')
    expect(JSON.parse(refused.body)).toMatchObject({ detail: 'Limit of 1 request reached.' })
  })

  it.each([
    ['deny', 503, undefined],
    ['allow', 200, undefined],
    ['local', 200, '2'],
  ] satisfies [OnStoreError, number, string | undefined][])(
    'while the store is away, %s answers %i',
    async (onStoreError, status, remaining) => {
      const redis = await startRedis()
      onTestFinished(() => redis.stop())
      const get = await open(
        framework,
        fromRateLimiterFlexible(onRedis(await connect(redis)), { onStoreError, timeout: '5s' }),
      )
      expect((await get()).status).toBe(200)
      await redis.kill()
      const answer = await get()
      expect(answer.status).toBe(status)
      expect(answer.headers['x-ratelimit-remaining']).toBe(remaining)
      expect('retry-after' in answer.headers).toBe(status === 503)
    },
  )
})

it('two frameworks, and jobs without HTTP, count together', async () => {
  const flexible = onRedis(await connect(await redisOfRun()), { points: 5 })
  const limiter = fromRateLimiterFlexible(flexible, { timeout: '5s' })
  const [one, other] = [await open('Express', limiter), await open('Hono', limiter)]
  expect((await one()).headers['x-ratelimit-remaining']).toBe('4')
  expect((await other()).headers['x-ratelimit-remaining']).toBe('3')
  const decision = await limiter.take('ada')
  expect(await limiter.penalty('ada')).toMatchObject({ remaining: 1 })
  expect((await one()).status).toBe(200)
  await limiter.refund(decision)
  expect((await other()).status).toBe(200)
})
