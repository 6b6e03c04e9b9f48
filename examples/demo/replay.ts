// The second process of `--log`: sends the requests of a log in the log's order and with the log's times, and adds
// up the answers.
import { createAsk } from './ask.ts'
import { type LogRequest, parseLogLine } from './log-line.ts'
import { readAnswer } from './read-answer.ts'
import { readLines } from './read-lines.ts'
import { logTimeHeader } from './replay-clock.ts'
import { clientOf, createTally } from './tally.ts'
import { serveParent, tellParent } from './tell-parent.ts'

const [, , url = '', path = ''] = process.argv
const ask = createAsk(url)
const tally = createTally()

/** So many requests at the most are held in memory. */
const longestBatch = 500
const progressEveryMs = 100

/**
 * Sends requests of one instant: clients side by side, those of one client in order. A log has whole seconds, so
 * what a client did within a second counts as done at once: a burst may seem larger than it was by what comes back
 * in a second, never smaller.
 */
async function send(batch: readonly LogRequest[]): Promise<void> {
  const lanes = new Map<string, LogRequest[]>()
  for (const request of batch) {
    const client = clientOf(request.address)
    const lane = lanes.get(client)
    if (lane === undefined) lanes.set(client, [request])
    else lane.push(request)
  }
  await Promise.all(Array.from(lanes.values(), sendInOrder))
}

async function sendInOrder(requests: readonly LogRequest[]): Promise<void> {
  for (const request of requests) {
    const expected = tally.expect(request)
    const { method, path: asked, address, atMs } = request
    const answer = await ask({
      client: address,
      method,
      path: asked,
      headers: { [logTimeHeader]: `${atMs}` },
    })
    tally.answered(request, readAnswer(answer), expected)
  }
}

async function replay(): Promise<void> {
  let batch: LogRequest[] = []
  let toldAt = 0
  for await (const { number, text, bytes } of readLines(path)) {
    const request = parseLogLine(text)
    if (typeof request === 'string') {
      if (text.trim() !== '') tally.skip(request, number)
      continue
    }
    if (batch.length === longestBatch || (batch[0]?.atMs ?? request.atMs) !== request.atMs) {
      await send(batch)
      batch = []
    }
    batch.push(request)
    if (performance.now() < toldAt + progressEveryMs) continue
    toldAt = performance.now()
    void tellParent({ progress: tally.progress(bytes) })
  }
  await send(batch)
}

serveParent()
try {
  await replay()
  await tellParent({ report: tally.report() })
} catch (error) {
  await tellParent({ failed: (error as Error).message })
}
process.disconnect()
