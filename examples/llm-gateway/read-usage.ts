import type { Usage } from './provider.ts'
import type { Tokens } from './question.ts'

/** One event of a stream, as far as it matters here. */
interface Told {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
  readonly usage?: Usage | null
}

/**
 * Passes a stream of server-sent events on as it is, and keeps in `used` what it has cost so far: the words that were
 * said, until the provider tells its usage. Pieces of a stream part events, and even letters, wherever they like.
 */
export async function* readUsage(
  pieces: AsyncIterable<Uint8Array>,
  used: Partial<Tokens>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  let words = 0

  function read(line: string): void {
    // Beside data there are comments, empty lines and the last word, `[DONE]`.
    const [, data] = /^data: ?(\{.*)$/.exec(line) ?? []
    if (data === undefined) return
    const { choices = [], usage } = JSON.parse(data) as Told
    for (const { delta } of choices) words += delta?.content?.split(/\s+/).filter(Boolean).length ?? 0
    used.output = words
    if (usage) Object.assign(used, { input: usage.prompt_tokens, output: usage.completion_tokens })
  }

  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) read(line)
    yield piece
  }
}
