import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Question } from './provider.ts'
import type { Tokens } from './question.ts'
import { readUsage } from './read-usage.ts'

/**
 * Asks the provider, and passes its answer on as it comes. `used` is what it has cost so far: what the provider has not
 * told is not in it.
 */
export async function passOn(
  provider: string,
  question: Question,
  used: Partial<Tokens>,
  res: ServerResponse,
): Promise<void> {
  used.output = 0
  const leaving = new AbortController()
  res.once('close', () => leaving.abort())
  const request = { method: 'POST', body: JSON.stringify(question), signal: leaving.signal }
  const answer = await fetch(provider, request).catch(() => undefined)
  if (!answer?.ok || !answer.body) {
    // A provider that is away or refuses has used nothing.
    used.input = 0
    res.writeHead(502, { 'Content-Type': 'text/plain' }).end('The model cannot be reached.\n')
    return
  }
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  // Where one end breaks off, so does the other: nobody must take half of an answer for all of it.
  await pipeline(readUsage(answer.body, used), res).catch(() => undefined)
}
