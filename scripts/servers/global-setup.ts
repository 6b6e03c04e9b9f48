import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { findProgram } from './binaries.ts'
import { startCluster } from './cluster.ts'
import { startMemcached } from './memcached.ts'
import { startRedis } from './redis.ts'
import { accepts } from './resp.ts'
import type { ServersOfRun } from './of-run.ts'

/**
 * The servers that the test files of a run share. Each is started when the first file asks for it, by HTTP, so
 * that a run of files that need none does not wait.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { REDIS_URL: redisUrl, MEMCACHED_URL: memcachedUrl } = process.env
  // At once, so that a machine without them gets one sentence instead of a failure per file.
  await Promise.all([
    redisUrl || findProgram('redis-server'),
    memcachedUrl || findProgram('memcached'),
  ]).catch(justTheSentence)

  const stops: (() => Promise<void>)[] = []
  const started = <T extends { stop(): Promise<void> }>(server: T): T => {
    stops.push(() => server.stop())
    return server
  }
  const start: { [Name in keyof ServersOfRun]: () => Promise<ServersOfRun[Name]> } = {
    async redis() {
      const url = redisUrl ? await given('REDIS_URL', redisUrl, 6379) : started(await startRedis()).url
      return { url, ...hostAndPort(url, 6379) }
    },
    async cluster() {
      return { nodes: started(await startCluster()).nodes }
    },
    async memcached() {
      if (!memcachedUrl) return { address: started(await startMemcached()).address }
      const { host, port } = hostAndPort(await given('MEMCACHED_URL', memcachedUrl, 11_211), 11_211)
      return { address: `${host}:${port}` }
    },
  }

  const promises = new Map<string, Promise<unknown>>()
  const control = createServer((request, response) => {
    const name = request.url!.slice(1) as keyof ServersOfRun
    const promise = promises.get(name) ?? start[name]()
    promises.set(name, promise)
    promise.then(
      (server) => response.end(JSON.stringify(server)),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(control, 'listening')
  project.provide('serversOfRun', `http://127.0.0.1:${(control.address() as AddressInfo).port}`)

  return async () => {
    control.close()
    control.closeAllConnections()
    await Promise.allSettled(promises.values())
    await Promise.all(stops.map((stop) => stop()))
  }
}

function justTheSentence(error: unknown): never {
  throw Object.assign(new Error(), { message: messageOf(error), stack: messageOf(error) })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function given(variable: string, value: string, defaultPort: number): Promise<string> {
  const url = value.includes('://') ? value : `tcp://${value}`
  const answers = await accepts(hostAndPort(url, defaultPort))
  if (!answers) throw new Error(`Nothing answers at ${value}, which ${variable} names`)
  return url
}

function hostAndPort(text: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(text)
  return { host: hostname, port: Number(port || defaultPort) }
}
