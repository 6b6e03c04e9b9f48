import type { Question } from './provider.ts'

/** Tokens of what is asked and of what is answered. */
export interface Tokens {
  input: number
  output: number
}

/** The longest answer that may be asked for, in tokens. */
const MAX_TOKENS = 200

/** What a client asks, as the provider is asked; `undefined` for what is no question. */
export function readQuestion(body: unknown): Question | undefined {
  const { model, messages, max_tokens = MAX_TOKENS } = Object(body) as Partial<Question>
  const isRight =
    typeof model === 'string' &&
    Array.isArray(messages) &&
    messages.every((message) => typeof (message as { content?: unknown } | null)?.content === 'string') &&
    Number.isInteger(max_tokens) &&
    max_tokens >= 1 &&
    max_tokens <= MAX_TOKENS
  // Without `include_usage` nobody would be told what a stream has used.
  return isRight ? { model, messages, max_tokens, stream_options: { include_usage: true } } : undefined
}

/**
 * What a question will cost, by guess. A token is some four characters of English: three are on the safe side. Most
 * answers are shorter than they may be: half of it.
 */
export function estimateOf({ messages, max_tokens }: Question): Tokens {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0)
  return { input: Math.ceil(characters / 3), output: Math.ceil(max_tokens / 2) }
}
