import { faultsOf } from './check.ts'
import { runTraffic } from './child.ts'
import { clients } from './clients.ts'
import type { LiveMessage, Seen } from './messages.ts'
import { summaryOf, verdict } from './summary.ts'
import type { Terminal } from './terminal.ts'
import { linesView, pictureView } from './views.ts'

const narrowest = 60

/** Shows the traffic of the four clients, and tells whether it was limited rightly; `undefined` when stopped. */
export async function live(
  url: string,
  terminal: Terminal,
  write: (text: string) => void,
  stop: AbortSignal,
): Promise<boolean | undefined> {
  const seen: Seen[] = []
  const failures: string[] = []
  let start: number | undefined
  const elapsedMs = (): number => (start === undefined ? 0 : performance.now() - start)
  const scene = { url, seen, elapsedMs }
  const drawn = terminal.live && terminal.size().columns >= narrowest
  const view = drawn ? pictureView(scene, terminal, write) : linesView(scene, write)
  try {
    const onMessage = (message: LiveMessage): void => {
      if ('failed' in message) failures.push(`The traffic broke off: ${message.failed}.`)
      else {
        start ??= performance.now() - message.seen.answeredAt
        seen.push(message.seen)
      }
    }
    if (!(await runTraffic('./traffic.ts', [url], onMessage, stop))) return undefined
  } finally {
    view.end()
  }
  const faults = [
    ...failures,
    ...faultsOf(
      seen,
      clients.map(({ name }) => name),
    ),
  ]
  const right = `All ${seen.length} answers are what the policies promise, checked by their own times.`
  write(`\n${[...summaryOf(seen), '', ...verdict(faults, right)].join('\n')}\n`)
  return faults.length === 0
}
