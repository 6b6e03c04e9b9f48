// `npm run demo`: an Express app with two limits, real traffic from a second process, and a picture of who was
// limited and when. See options.ts for what it takes.
import { createApp } from './app.ts'
import { live } from './live.ts'
import { DemoError, type DemoOptions, parseOptions, usage } from './options.ts'
import { createReplayClock } from './replay-clock.ts'
import { logSize, replaying } from './replaying.ts'
import { serve } from './server.ts'
import { tips } from './summary.ts'
import { terminalOf } from './terminal.ts'

const write = (text: string): void => void process.stdout.write(text)

/** Aborted when the user has had enough: by Ctrl-C, by a signal, or by closing what reads the output. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort)
  process.stdout.on('error', abort)
  return stop.signal
}

async function demo({ once, log, port }: DemoOptions, stop: AbortSignal): Promise<number> {
  // What cannot be replayed is told before anything starts.
  if (log !== undefined) await logSize(log)
  const server = await serve(createApp(log === undefined ? undefined : createReplayClock()), port)
  try {
    const terminal = terminalOf(process.stdout, process.env)
    const right =
      log === undefined
        ? await live(server.url, terminal, write, stop)
        : await replaying(log, server.url, terminal, write, stop)
    if (once) {
      if (right === undefined) write('Stopped before the end, so nothing is proven.\n')
      return right === true ? 0 : 1
    }
    if (!stop.aborted) {
      write(`\n${tips(server.url).join('\n')}\n`)
      await new Promise((resolve) => stop.addEventListener('abort', resolve))
    }
    return 0
  } finally {
    await server.close()
  }
}

try {
  const stop = stopSignal()
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options.help) write(`${usage}\n`)
  else process.exitCode = await demo(options, stop)
} catch (error) {
  // Only what nobody foresaw is worth a stack.
  console.error(error instanceof DemoError ? error.message : error)
  process.exitCode = 1
}
