/** What the gateway charges for answers that end in every way that a stream can end. Time stands still. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serve } from '../testing/programs.ts'
import { createProvider, type Question, type Usage } from './provider.ts'
import { readUsage } from './read-usage.ts'
import type { Tokens } from './question.ts'

const servers: Server[] = []
let now = 1000
beforeEach(() => vi.spyOn(performance, 'now').mockImplementation(() => now))
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function urlOf(server: Server): Promise<string> {
  servers.push(server)
  if (!server.listening) await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Seen {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
  /** Whether the answer came to its end. */
  readonly complete: boolean
  /** What was left of each limit before this question was charged its estimate. */
  readonly left: Record<string, number>
}

interface Asked extends Partial<Question> {
  /** Leaves as soon as so many bytes have come. */
  readonly leaveAfter?: number
  readonly key?: string
}

const text = 'What is it like?'
/** By three characters and by four. */
const [estimated, true_] = [6, 4]

/** Starts the gateway anew, in front of a provider, and gives how to ask it. */
async function gateway(provider: string): Promise<(asked?: Asked) => Promise<Seen>> {
  vi.stubEnv('PROVIDER_URL', provider)
  vi.stubEnv('PORT', '0')
  vi.resetModules()
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const listen = vi.spyOn(Server.prototype, 'listen')
  await import('../llm-gateway.ts')
  const url = await urlOf(listen.mock.results.at(-1)?.value as Server)

  return async ({ leaveAfter = Infinity, key = 'key-of-ada', ...asked } = {}) => {
    const question = { model: 'steady', messages: [{ role: 'user', content: text }], max_tokens: 1, ...asked }
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` }
    const sent = request(`${url}/chat`, { method: 'POST', headers, agent: false }).end(
      JSON.stringify(question),
    )
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    const read = async (): Promise<void> => {
      for await (const piece of response.setEncoding('utf8')) {
        body += piece as string
        if (body.length >= leaveAfter) break
      }
    }
    const closed = new Promise((resolve) => sent.once('close', resolve))
    await read().catch(() => undefined)
    // Once the connection is closed, what the answer cost is settled.
    await closed
    const told = String(response.headers['ratelimit'] ?? '').matchAll(/"(\w+)";r=(\d+)/g)
    const output = Math.ceil(question.max_tokens / 2)
    const input = Math.ceil((question.messages[0]?.content.length ?? 0) / 3)
    const estimate: Record<string, number> = { input, output, both: input + output }
    const isRefused = response.statusCode === 429
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      body,
      complete: response.complete,
      left: Object.fromEntries(
        Array.from(told, ([, name = '', left]) => [
          name,
          Number(left) + (isRefused ? 0 : (estimate[name] ?? 0)),
        ]),
      ),
    }
  }
}

/** The gateway in front of the imitation, with what its next answer to end has really cost. */
async function open(): Promise<{ ask(asked?: Asked): Promise<Seen>; billed: Promise<Usage> }> {
  let bill: (usage: Usage) => void = () => undefined
  const billed = new Promise<Usage>((resolve) => (bill = resolve))
  const ask = await gateway(await urlOf(createProvider(1, bill).listen(0)))
  return { ask, billed }
}

const words = ({ body }: Seen): number => body.split('schön').length - 1
const full = { input: 1000, output: 300, both: 10_000 }
const less = (input: number, output: number): object => ({
  input: full.input - input,
  output: full.output - output,
  both: full.both - input - output,
})

describe('the gateway charges', () => {
  it('what the provider tells, after a full answer', async () => {
    const { ask, billed } = await open()
    const answer = await ask({ max_tokens: 40 })
    expect(answer).toMatchObject({ status: 200, complete: true, left: full })
    expect(words(answer)).toBe(40)
    expect(answer.body).toMatch(/data: \[DONE\]\n\n$/)
    expect(await billed).toMatchObject({ prompt_tokens: true_, completion_tokens: 40 })
    expect((await ask()).left).toEqual(less(true_, 40))
  })

  it('what it has read until its client left', async () => {
    const { ask, billed } = await open()
    const answer = await ask({ max_tokens: 200, leaveAfter: 1000 })
    const { completion_tokens } = await billed
    expect(completion_tokens).toBeLessThan(200)
    const { left } = await ask()
    const charged = full.output - (left['output'] ?? 0)
    expect(charged).toBeGreaterThanOrEqual(words(answer))
    expect(charged).toBeLessThanOrEqual(completion_tokens)
    // Nobody has told how long the question was.
    expect(left).toEqual(less(estimated, charged))
  })

  it('the words that it has read, where nobody tells', async () => {
    const { ask, billed } = await open()
    expect(await ask({ model: 'silent', max_tokens: 40 })).toMatchObject({ complete: true })
    expect(await billed).toMatchObject({ completion_tokens: 40 })
    expect((await ask()).left).toEqual(less(estimated, 40))
  })

  it('the half of an answer that came, and breaks off, too', async () => {
    const { ask, billed } = await open()
    const answer = await ask({ model: 'breaking', max_tokens: 40 })
    expect(answer).toMatchObject({ status: 200, complete: false })
    expect(answer.body).not.toContain('DONE')
    expect(await billed).toMatchObject({ completion_tokens: 20 })
    const { left } = await ask()
    const charged = full.output - (left['output'] ?? 0)
    // Words on their way are lost when a connection is.
    expect(charged).toBeGreaterThanOrEqual(words(answer))
    expect(charged).toBeLessThanOrEqual(20)
    expect(left).toEqual(less(estimated, charged))
  })

  it.each([
    ['is away', 'http://127.0.0.1:1'],
    ['refuses', undefined],
  ])('nothing where the provider %s', async (_, away) => {
    const refusing = createServer((_req, res) => void res.writeHead(500).end()).listen(0)
    const ask = await gateway(away ?? (await urlOf(refusing)))
    expect(await ask({ max_tokens: 100 })).toMatchObject({ status: 502, complete: true, left: full })
    expect(await ask()).toMatchObject({ status: 502, left: full })
  })

  it('no more than the estimate and `maxDebt`, whatever the provider tells', async () => {
    const usage = { prompt_tokens: 5000, completion_tokens: 5000, total_tokens: 10_000 }
    const costly = createServer((_req, res) => void res.end(`data: ${JSON.stringify({ usage })}\n\n`)).listen(
      0,
    )
    const ask = await gateway(await urlOf(costly))
    expect(await ask({ max_tokens: 200 })).toMatchObject({ status: 200 })
    expect((await ask()).left).toEqual(less(estimated + 100, 100 + 100))
  })
})

describe('the next question', () => {
  it('waits until the debt and its own estimate are paid, and not a millisecond longer', async () => {
    const { ask } = await open()
    await ask({ max_tokens: 200 })
    // 100 are left, which is what this one is estimated at; it costs 200.
    expect(await ask({ max_tokens: 200 })).toMatchObject({ status: 200, left: { output: 100 } })
    // A debt of 100 and an estimate of 100, at 5 a second.
    const refused = await ask({ max_tokens: 200 })
    expect(refused).toMatchObject({ status: 429, retryAfter: '40', left: { output: 0 } })
    expect(JSON.parse(refused.body)).toMatchObject({
      detail: 'Limit of 300 tokens per minute reached. Try again in 40 seconds.',
      'violated-policies': ['output'],
    })
    now += 39_999
    expect(await ask({ max_tokens: 200 })).toMatchObject({ status: 429, retryAfter: '1' })
    now += 1
    expect(await ask({ max_tokens: 200 })).toMatchObject({ status: 200, left: { output: 100 } })
  })

  it('finds what others are about to use already charged', async () => {
    const { ask } = await open()
    const answers = await Promise.all([200, 200, 200, 200].map((max_tokens) => ask({ max_tokens })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 429])
  })

  it('is somebody else’s affair where it has another key', async () => {
    const { ask } = await open()
    await ask({ max_tokens: 200 })
    expect(await ask({ key: 'key-of-eve' })).toMatchObject({ left: full })
  })
})

describe('the gateway refuses', () => {
  it('what costs more than a whole limit, by 400 and without a time to come back', async () => {
    const { ask } = await open()
    const refused = await ask({ messages: [{ role: 'user', content: 'x'.repeat(3001) }] })
    expect(refused).toMatchObject({ status: 400, retryAfter: undefined })
    expect(refused.body).toContain('This request costs 1001, more than the limit of 1000 tokens per minute.')
    expect((await ask()).left).toEqual(full)
  })

  it('who has no key, and what is no question', async () => {
    const { ask } = await open()
    expect(await ask({ key: 'a-guess' })).toMatchObject({ status: 401 })
    for (const max_tokens of [0, -100, 201, 1.5])
      expect(await ask({ max_tokens })).toMatchObject({ status: 400 })
    expect(await ask({ messages: [null as never] })).toMatchObject({ status: 400 })
    expect((await ask()).left).toEqual(full)
  })
})

describe('readUsage', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
  const events = [
    ': a comment',
    `data: ${JSON.stringify({ choices: [{ delta: { role: 'assistant', content: '' } }], usage: null })}`,
    `data:${JSON.stringify({ choices: [{ delta: { content: 'schön ist' } }] })}`,
    `data: ${JSON.stringify({ choices: [{ delta: { content: ' es' } }, { delta: {} }] })}`,
    `data: ${JSON.stringify({ choices: [], usage })}`,
    'data: [DONE]',
  ]

  /** What is read of a stream that comes in pieces of so many bytes. */
  async function read(stream: string, size: number): Promise<Partial<Tokens>> {
    const bytes = new TextEncoder().encode(stream)
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const used: Partial<Tokens> = {}
    const passed: number[] = []
    for await (const piece of readUsage(pieces(), used)) passed.push(...piece)
    expect(Uint8Array.from(passed)).toEqual(bytes)
    return used
  }

  it.each(['\n\n', '\r\n\r\n'])('reads events that end in %j, wherever the stream is parted', async (end) => {
    const told = events.map((event) => event + end).join('')
    const untold = events
      .toSpliced(4, 1)
      .map((event) => event + end)
      .join('')
    for (let size = 1; size < 60; size++) {
      expect(await read(told, size)).toEqual({ input: 7, output: 3 })
      expect(await read(untold, size)).toEqual({ output: 3 })
    }
  })
})

it('llm-gateway.ts answers by itself', async () => {
  const url = await serve('llm-gateway.ts', { PROVIDER_URL: undefined })
  const answer = await fetch(`${url}/chat`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer key-of-ada' },
    body: '{"model":"steady","messages":[{"role":"user","content":"Hello!"}],"max_tokens":5}',
  })
  expect(answer.headers.get('ratelimit')).toMatch(
    /^"input";r=998;t=\d+, "output";r=297;t=\d+, "both";r=9995;t=\d+$/,
  )
  expect((await answer.text()).split('schön').length - 1).toBe(5)
})
