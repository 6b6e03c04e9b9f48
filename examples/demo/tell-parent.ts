/** How a traffic process talks to the demo that started it; when the demo is gone, so is the process. */
export function tellParent<Message extends object>(): (message: Message) => Promise<void> {
  // A terminal sends Ctrl-C to both processes. The demo decides when its traffic ends.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit())
  return (message) =>
    new Promise((resolve) => {
      // A demo that went away meanwhile is told nothing, and that is no failure of ours.
      process.send?.(message, undefined, {}, () => resolve())
    })
}
