import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type RedisServer, startRedis } from '../../../../scripts/servers/redis.ts'
import { newPrefix } from '../../src/testing/redis-stores.ts'

/** Where the processes find their store. */
export type Place =
  | { readonly kind: 'redis'; readonly port: number }
  | { readonly kind: 'cluster'; readonly nodes: readonly { readonly host: string; readonly port: number }[] }
  | { readonly kind: 'memcached'; readonly address: string }

type AlgorithmName =
  | 'fixedWindow'
  | 'slidingWindow'
  | 'slidingLog'
  | 'tokenBucket'
  | 'calendarWindow'
  | 'concurrency'
  | 'prepaid'

/** What each process does, on one key. */
export interface Job {
  readonly store: Place
  readonly prefix: string
  readonly algorithm: readonly [AlgorithmName, object]
  readonly lease?: { readonly size: number; readonly maxHold: '1s' | '1m' }
  readonly task: 'take' | 'wait' | 'hold' | 'grant' | 'hover'
  readonly calls: number
  readonly inFlight: number
  /** How many grants of ten units there are, which all processes make between their takes. */
  readonly grants?: number
  /** Thresholds to be warned of. */
  readonly warnAt?: readonly number[]
  /** Which waiter gives up. */
  readonly abort?: number
  /** Stays when it is done, with what it holds. */
  readonly stay?: boolean
}

export interface Result {
  allowed: number
  sources: Record<string, number>
  /** How many of the grants were new. */
  granted?: number
  /** The thresholds that this process was warned of. */
  warned?: number[]
  /** When waiters were let go, in milliseconds; -1: refused, 0: gave up. */
  times: number[]
}

/** Processes that do the same at the same time, as often as they are told to. */
export interface Crew {
  readonly members: readonly Member[]
  /** Runs a job in all of them, with keys of its own unless it says which. */
  run(job: Omit<Job, 'prefix'> & { prefix?: string }): Promise<Result[]>
  stop(): Promise<void>
}

interface Member {
  prepare(job: Job): Promise<void>
  start(): Promise<Result>
  kill(): Promise<void>
}

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

export async function crewOf(size: number): Promise<Crew> {
  const members = await Promise.all(Array.from({ length: size }, () => member()))
  return {
    members,
    async run(job) {
      const prefix = job.prefix ?? newPrefix()
      await Promise.all(members.map((one) => one.prepare({ ...job, prefix })))
      return Promise.all(members.map((one) => one.start()))
    },
    async stop() {
      await Promise.all(members.map((one) => one.kill()))
    },
  }
}

async function member(): Promise<Member> {
  const child = fork(worker, { execArgv: ['--import', 'tsx', '--conditions=@sluice/source'] })
  await message(child)
  return {
    async prepare(job) {
      child.send(job)
      await message(child)
    },
    start() {
      child.send('go')
      return message(child) as Promise<Result>
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The next message of a process. */
function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('a process of the crew ended'))
    child.once('exit', ended)
    child.once('message', (text) => {
      child.off('exit', ended)
      resolve(text)
    })
  })
}

/** Processes, and a Redis of their own. */
export interface CrewOnRedis {
  readonly server: RedisServer
  readonly crew: Crew
  stop(): Promise<void>
}

export async function crewOnRedis(size: number): Promise<CrewOnRedis> {
  const [server, crew] = await Promise.all([startRedis(), crewOf(size)])
  return {
    server,
    crew,
    async stop() {
      await crew.stop()
      await server.stop()
    },
  }
}

export const sum = (results: readonly Result[]): number =>
  results.reduce((total, { allowed }) => total + allowed, 0)
