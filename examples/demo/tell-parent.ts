import type { LiveMessage, ReplayMessage } from './messages.ts'

/** Makes a process one that serves the demo that started it: when the demo is gone, so is the process. */
export function serveParent(): void {
  // A terminal sends Ctrl-C to both processes. The demo decides when its traffic ends.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit())
}

/** Tells the demo something. A demo that went away meanwhile is told nothing, and that is no failure of ours. */
export function tellParent(message: LiveMessage | ReplayMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve())
  })
}
