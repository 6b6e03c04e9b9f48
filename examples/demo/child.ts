import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Messages } from './messages.ts'
import { DemoError } from './options.ts'

/**
 * Runs a traffic process to its end; `false` when it was stopped before. It is started the way that this process
 * was, so whatever runs TypeScript here does so there.
 */
export async function runTraffic<File extends keyof Messages>(
  file: File,
  args: readonly string[],
  onMessage: (message: Messages[File]) => void,
  stop: AbortSignal,
): Promise<boolean> {
  if (stop.aborted) return false
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const kill = (): void => void child.kill()
  stop.addEventListener('abort', kill)
  child.on('message', onMessage)
  try {
    // What it said last comes before its disconnection, but may come after its end.
    const ended = once(child, 'exit') as Promise<[code: number | null]>
    const [[code]] = await Promise.all([ended, once(child, 'disconnect')])
    if (stop.aborted) return false
    if (code === 0) return true
    throw new DemoError('The process that sends the traffic ended too early.')
  } finally {
    stop.removeEventListener('abort', kill)
  }
}
