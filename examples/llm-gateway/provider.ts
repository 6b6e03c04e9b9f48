// Stands for the provider of a language model: says one word after the other, by server-sent events in the form that
// OpenAI's chat completions made common.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Question {
  /** `silent` never tells what it used, and the connection of `breaking` is lost halfway. */
  readonly model: 'steady' | 'silent' | 'breaking'
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  /** How many words to say, each of which is a token. */
  readonly max_tokens: number
  /** Without this nobody is told the usage of a stream. */
  readonly stream_options?: { readonly include_usage?: boolean }
}

export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
}

/** A provider that takes `wordMs` for each word, and calls `bill` when an answer is over, however it ended. */
export function createProvider(wordMs: number, bill: (usage: Usage) => void = () => undefined): Server {
  async function answer(asked: Question, res: ServerResponse): Promise<void> {
    const text = asked.messages.map(({ content }) => content).join('')
    const usage = { prompt_tokens: Math.ceil(text.length / 4), completion_tokens: 0, total_tokens: 0 }
    const tellsUsage = asked.stream_options?.include_usage === true && asked.model !== 'silent'

    /** Sends an event in two pieces that part a letter: networks know nothing of either. */
    async function send(event: object | string): Promise<void> {
      const bytes = Buffer.from(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      const middle = bytes.indexOf('ö') + 1
      res.write(bytes.subarray(0, middle))
      await sleep(wordMs)
      res.write(bytes.subarray(middle))
    }

    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    while (usage.completion_tokens < asked.max_tokens && !res.destroyed) {
      usage.completion_tokens++
      await send({
        choices: [{ index: 0, delta: { content: 'schön ' } }],
        ...(tellsUsage && { usage: null }),
      })
      if (asked.model === 'breaking' && usage.completion_tokens >= asked.max_tokens / 2) res.destroy()
    }
    usage.total_tokens = usage.prompt_tokens + usage.completion_tokens
    bill(usage)
    if (tellsUsage) await send({ choices: [], usage })
    await send('[DONE]')
    res.end()
  }

  return createServer((req, res) => {
    json(req)
      .then((asked) => answer(asked as Question, res))
      .catch((error: unknown) => (res.headersSent ? res.destroy() : res.writeHead(400).end(String(error))))
  })
}
