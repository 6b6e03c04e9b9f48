import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Program } from './binaries.ts'

const keeper = fileURLToPath(new URL('./keeper.sh', import.meta.url))

/** A server's process. It ends when this process does, in whatever way that happens. */
export interface KeptProcess {
  readonly pid: number
  /** Whether it is still there. */
  running(): boolean
  /** The last that it printed. */
  output(): string
  /** Sends a signal, and waits until the process is gone unless it is one that does not end it. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Kills it, and removes its folder unless that is to be kept. */
  end(what?: { keepFolder: boolean }): Promise<void>
}

const notDeadly = new Set<NodeJS.Signals>(['SIGSTOP', 'SIGCONT'])

// A worker of the test runner goes on when the runner is killed, and would hold its servers until its tests end.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))

/** Starts a program in a folder of its own. */
export async function keep(program: Program, args: string[], folder: string): Promise<KeptProcess> {
  const child = spawn('sh', [keeper, folder, program.path, ...args], {
    cwd: folder,
    env: program.env,
    detached: true, // a Ctrl-C is not for the keeper: it has to tidy up first
  })
  const exited = once(child, 'exit')
  let running = true
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)))
  const ended = once(child.stdout, 'end').then(() => void (running = false))
  const [pid] = (await once(child.stderr, 'data')) as [Buffer]

  const pipes = [child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[]
  // Unless something waits for it, it does not keep this process alive: whoever forgets to stop a server, ends.
  const waitFor = async (event: Promise<unknown>): Promise<void> => {
    for (const handle of [child, ...pipes]) handle.ref()
    await event
    for (const handle of [child, ...pipes]) handle.unref()
  }
  await waitFor(Promise.resolve())

  return {
    pid: Number(pid),
    running: () => running,
    output: () => output,
    async kill(signal) {
      process.kill(Number(pid), signal)
      if (!notDeadly.has(signal)) await waitFor(ended)
    },
    async end({ keepFolder } = { keepFolder: false }) {
      if (!child.stdin.writableEnded) child.stdin.end(keepFolder ? 'keep\n' : '')
      await waitFor(exited)
      running = false
    },
  }
}
