import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { DemoError } from './options.ts'

/**
 * Runs a traffic process to its end; `false` when it was stopped before. It is started the way that this process
 * was, so whatever runs TypeScript here does so there.
 */
export function runTraffic<Message>(
  file: string,
  args: readonly string[],
  onMessage: (message: Message) => void,
  stop: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const kill = (): void => void child.kill()
    stop.addEventListener('abort', kill)
    child.on('message', onMessage)
    child.on('error', reject)
    child.on('exit', (code) => {
      stop.removeEventListener('abort', kill)
      if (stop.aborted) resolve(false)
      else if (code === 0) resolve(true)
      else reject(new DemoError('The process that sends the traffic ended too early.'))
    })
    if (stop.aborted) kill()
  })
}
