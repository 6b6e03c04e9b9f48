import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { until } from './until.ts'

const options = ['--import', 'tsx', '--input-type=module', '--eval']
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Told {
  readonly pids: number[]
  readonly folder: string
}

const starts = `
  const { startRedis } = await import('./scripts/servers/redis.ts')
  const { startMemcached } = await import('./scripts/servers/memcached.ts')
  const [redis, memcached] = await Promise.all([startRedis({ socket: true }), startMemcached()])
  const { dirname } = await import('node:path')
  const told = { pids: [redis.pid, memcached.pid], folder: dirname(redis.socket) }
  process.stdout.write(JSON.stringify(told) + '\\n', () => { END })`

/** Runs a program that starts servers, tells of them and then does what `end` says. */
const startsServers = (end: string): Promise<Started> => tells(starts.replace('END', end))

/** Runs one that has a worker do that, and waits. */
const hasAWorker = (): Promise<Started> =>
  tells(`
    const { spawn } = await import('node:child_process')
    const program = ${JSON.stringify(starts.replace('END', 'setInterval(() => {}, 1000)'))}
    spawn('node', [${JSON.stringify(options)}, program].flat(), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })`)

interface Started {
  readonly child: ChildProcess
  readonly told: Told
}

async function tells(program: string): Promise<Started> {
  const child = spawn('node', [...options, program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, told: JSON.parse(line.toString()) as Told }
}

async function nothingIsLeft({ pids, folder }: Told): Promise<void> {
  await until('the servers are gone', () => !pids.some(isThere), 2000)
  await until('their files are gone', () => !existsSync(folder), 2000)
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('servers end with the process that started them', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('when that gets a %s', async (signal) => {
    const { child, told } = await startsServers('setInterval(() => {}, 1000)')
    expect(told.pids.every(isThere) && existsSync(told.folder)).toBe(true)
    child.kill(signal)
    await nothingIsLeft(told)
  })

  test('when that is a worker of a process that gets a SIGKILL', async () => {
    const { child, told } = await hasAWorker()
    child.kill('SIGKILL')
    await nothingIsLeft(told)
  })

  test('when its whole process group is interrupted, as by Ctrl-C', async () => {
    const { child, told } = await startsServers('setInterval(() => {}, 1000)')
    process.kill(-child.pid!, 'SIGINT')
    await nothingIsLeft(told)
  })

  test('when a server is paused', async () => {
    const { child, told } = await startsServers('setInterval(() => {}, 1000)')
    for (const pid of told.pids) process.kill(pid, 'SIGSTOP')
    child.kill('SIGKILL')
    await nothingIsLeft(told)
  })

  test('when it forgets to stop them', async () => {
    const { child, told } = await startsServers('')
    expect(await once(child, 'exit')).toEqual([0, null])
    await nothingIsLeft(told)
  })

  test('when it fails', async () => {
    const { child, told } = await startsServers('process.exit(7)')
    expect(await once(child, 'exit')).toEqual([7, null])
    await nothingIsLeft(told)
  })
})
