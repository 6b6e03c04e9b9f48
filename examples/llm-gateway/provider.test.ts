/** The imitation of a provider, over real connections: what a gateway in front of it has to be ready for. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createProvider, type Question, type Usage } from './provider.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

interface Running {
  ask(question: unknown, signal?: AbortSignal): Promise<Response>
  /** What the next answer to end has cost. */
  billed: Promise<Usage>
}

async function run(): Promise<Running> {
  let bill: (usage: Usage) => void = () => undefined
  const billed = new Promise<Usage>((resolve) => (bill = resolve))
  const server = createProvider(1, bill).listen(0, '127.0.0.1')
  open.push(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (question: unknown, signal: AbortSignal | null = null): Promise<Response> =>
    fetch(url, { method: 'POST', body: JSON.stringify(question), signal })
  return { ask, billed }
}

const question = (model: Question['model'], isTold = true): Question => ({
  model,
  messages: [{ role: 'user', content: 'What is it like?' }],
  max_tokens: 6,
  stream_options: { include_usage: isTold },
})

const word = { choices: [{ index: 0, delta: { content: 'schön ' } }] }
const cost = (completion_tokens: number): Usage => ({
  prompt_tokens: 4,
  completion_tokens,
  total_tokens: 4 + completion_tokens,
})

/** What each event of a stream says. */
const eventsOf = (text: string): unknown[] =>
  Array.from(text.matchAll(/^data: (.*)\n\n/gm), ([, data = '']) =>
    data.startsWith('{') ? (JSON.parse(data) as unknown) : data,
  )

describe('the provider', () => {
  it('says its words, then what it used, then that it is done', async () => {
    const { ask, billed } = await run()
    const response = await ask(question('steady'))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const words = Array.from({ length: 6 }, () => ({ ...word, usage: null }))
    expect(eventsOf(await response.text())).toEqual([...words, { choices: [], usage: cost(6) }, '[DONE]'])
    expect(await billed).toEqual(cost(6))
  })

  it('tells its usage to nobody who does not ask, and `silent` to nobody at all', async () => {
    const words = Array.from({ length: 6 }, () => word)
    for (const asked of [question('steady', false), question('silent')]) {
      const { ask, billed } = await run()
      expect(eventsOf(await (await ask(asked)).text())).toEqual([...words, '[DONE]'])
      expect(await billed).toEqual(cost(6))
    }
  })

  it('sends pieces that are no whole events, nor whole letters', async () => {
    const { ask } = await run()
    const { body } = await ask({ ...question('steady'), max_tokens: 50 })
    let isParted = false
    for await (const piece of body ?? []) isParted ||= Buffer.from(piece).at(-1) === 0xc3
    expect(isParted).toBe(true)
  })

  it('loses the connection halfway, before any usage', async () => {
    const { ask, billed } = await run()
    const { body } = await ask(question('breaking'))
    let text = ''
    const read = async (): Promise<void> => {
      for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece
    }
    await expect(read()).rejects.toThrow('terminated')
    expect(eventsOf(text).length).toBeLessThanOrEqual(3)
    expect(text).not.toContain('DONE')
    expect(await billed).toEqual(cost(3))
  })

  it('stops when its client leaves, and bills what it said until then', async () => {
    const { ask, billed } = await run()
    const client = new AbortController()
    const { body } = await ask({ ...question('steady'), max_tokens: 100_000 }, client.signal)
    await body?.getReader().read()
    client.abort()
    const { completion_tokens } = await billed
    expect(completion_tokens).toBeGreaterThanOrEqual(1)
    expect(completion_tokens).toBeLessThan(100_000)
  })

  it('refuses what is no question', async () => {
    const { ask } = await run()
    expect((await ask({ model: 'steady' })).status).toBe(400)
  })
})
