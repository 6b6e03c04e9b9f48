import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly pid: number
  readonly stdout: () => string
  /** Waits for text in what it prints; fails when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Its end, and that of every process it started: those hold its stderr. */
  readonly ended: Promise<Ended>
}

const running = new Set<Program>()
afterAll(() => {
  for (const program of running) program.kill('SIGKILL')
})

/** Starts a TypeScript file of `examples` against the sources of the packages. */
export function start(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@sluice/source', `examples/${file}`, ...args],
    {
      cwd: root,
      env: { ...process.env, PORT: '0', INIT_CWD: root, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const closed = once(child, 'close') as Promise<[code: number | null]>
  const ended = closed.then(([code]): Ended => {
    running.delete(program)
    return { code, stdout, stderr }
  })
  const program: Program = {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout)
          if (match !== null) resolve(match)
        }
        child.stdout.on('data', look)
        child.once('close', () =>
          reject(new Error(`${file} ended without ${String(pattern)}:\n${stdout}${stderr}`)),
        )
        look()
      }),
    kill: (signal) => void child.kill(signal),
    ended,
  }
  running.add(program)
  return program
}

/** Starts an example that serves, and gives its address once it listens. */
export const serve = (file: string, env?: NodeJS.ProcessEnv): Promise<string> =>
  addressOf(start(file, [], env))

/** The address of an example that serves, once it listens. */
export async function addressOf(program: Program): Promise<string> {
  const [, port = ''] = await program.says(/^http:\/\/localhost:(\d+)$/m)
  return `http://127.0.0.1:${port}`
}
