import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Program } from './binaries.ts'
import { freePort } from './ports.ts'
import { type KeptProcess, keep } from './process.ts'
import { until } from './until.ts'

/** A server that is running, and can be made to fail. */
export interface Server {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** Whether its process is there. */
  running(): boolean
  /** Sends a signal, by default `SIGKILL`; resolves when the process is gone, with `SIGSTOP` and `SIGCONT` at once. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it anew on the same port, with nothing in memory, and kills it before that if it still runs. */
  restart(): Promise<void>
  /** Ends it and removes its files. */
  stop(): Promise<void>
}

interface Options {
  readonly program: Program
  readonly args: (port: number) => string[]
  readonly folder: string
  /** What has to be in the folder, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly port: number | undefined
  /** Whether the process of this id is the one that answers: another may have had the port before it. */
  readonly answers: (port: number, pid: number) => Promise<boolean>
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'sluice-'))

/** Starts a server on the port given, or on a free one, and waits until it answers. */
export async function startServer({
  program,
  args,
  folder,
  files = {},
  port,
  answers,
}: Options): Promise<Server> {
  const launch = async (at: number): Promise<KeptProcess> => {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of Object.entries(files))
      if (!existsSync(join(folder, name))) writeFileSync(join(folder, name), text)
    const started = await keep(program, args(at), folder)
    try {
      await until(
        `${program.path} answers`,
        async () => !started.running() || (await answers(at, started.pid)),
      )
      if (!started.running()) throw new Error(`${program.path} ended at once: ${started.output()}`)
    } catch (error) {
      await started.end()
      throw error
    }
    return started
  }
  const launchAnywhere = async (): Promise<[number, KeptProcess]> => {
    for (;;) {
      const free = await freePort()
      try {
        return [free, await launch(free)]
      } catch (error) {
        // Somebody took the port in between.
        if (!String(error).includes('Address already in use')) throw error
      }
    }
  }

  const [at, first] = port === undefined ? await launchAnywhere() : ([port, await launch(port)] as const)
  let current = first
  return {
    host: '127.0.0.1',
    port: at,
    get pid() {
      return current.pid
    },
    running: () => current.running(),
    kill: (signal = 'SIGKILL') => current.kill(signal),
    async restart() {
      await current.end({ keepFolder: true })
      current = await launch(at)
    },
    stop: () => current.end(),
  }
}
