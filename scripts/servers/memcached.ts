import { userInfo } from 'node:os'
import { findProgram } from './binaries.ts'
import { type Server, startServer, temporaryFolder } from './server.ts'
import { memcachedStats } from './stats.ts'

export interface MemcachedServer extends Server {
  /** `127.0.0.1:port`, as clients want it. */
  readonly address: string
}

export interface MemcachedOptions {
  /** Default: a free one. */
  readonly port?: number
  /** More of the server's own options: `['-m', '2']`. */
  readonly args?: readonly string[]
}

export async function startMemcached({ port, args = [] }: MemcachedOptions = {}): Promise<MemcachedServer> {
  const asRoot = userInfo().uid === 0
  const server = await startServer({
    program: await findProgram('memcached'),
    folder: temporaryFolder(),
    port,
    args: (at) => ['-l', '127.0.0.1', '-p', String(at), ...(asRoot ? ['-u', 'nobody'] : []), ...args],
    answers: async (at, pid) => (await memcachedStats(`127.0.0.1:${at}`))['pid'] === pid,
  })
  return Object.assign(server, { address: `127.0.0.1:${server.port}` })
}
