import { join } from 'node:path'
import { findProgram } from './binaries.ts'
import { makeCertificate } from './certificate.ts'
import { type Address, type Reply, ask } from './resp.ts'
import { type Server, startServer, temporaryFolder } from './server.ts'

export interface RedisServer extends Server {
  /** `redis://…`, or `rediss://…` with TLS. */
  readonly url: string
  /** The path of its Unix socket, when it was asked for. */
  readonly socket: string | undefined
  /** The certificate (PEM) to trust, with TLS; it is for 127.0.0.1 and localhost. */
  readonly ca: string | undefined
  /** Asks one thing on a new connection: `await redis.ask('SCRIPT', 'FLUSH')`. */
  ask(...command: (string | number)[]): Promise<Reply>
}

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Listen on a Unix socket too. */
  readonly socket?: boolean
  /** Speak TLS, and only TLS, on the port. */
  readonly tls?: boolean
  /** More of the server's own options: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[]
  /** Files to put into the folder it runs in, by name. */
  readonly files?: Readonly<Record<string, string>>
}

const tlsFiles = ['--tls-cert-file', 'cert', '--tls-key-file', 'key', '--tls-ca-cert-file', 'cert']
const tlsOptions = [...tlsFiles, '--tls-auth-clients', 'no']
const always = Object.entries({
  bind: '127.0.0.1',
  save: '',
  appendonly: 'no',
  // By default a master waits seconds for more replicas to come before it sends its data to the first.
  'repl-diskless-sync-delay': '0',
}).flatMap(([name, value]) => [`--${name}`, value])

/** Starts a Redis that keeps nothing on disk. */
export async function startRedis({
  port,
  socket = false,
  tls = false,
  args = [],
  files = {},
}: RedisOptions = {}): Promise<RedisServer> {
  const folder = temporaryFolder()
  const socketPath = socket ? join(folder, 'redis.sock') : undefined
  const certificate = tls ? makeCertificate() : undefined
  const address = (at: number): Address =>
    certificate === undefined ? { port: at } : { port: at, ca: certificate.cert }

  const server = await startServer({
    program: await findProgram('redis-server'),
    folder,
    files: { ...files, ...certificate },
    port,
    args: (at) => [
      ...(Object.hasOwn(files, 'redis.conf') ? ['redis.conf'] : []),
      ...(tls ? ['--port', '0', ...tlsOptions, '--tls-port', String(at)] : ['--port', String(at)]),
      ...(socketPath === undefined ? [] : ['--unixsocket', socketPath]),
      ...always,
      ...args,
    ],
    answers: async (at, pid) =>
      String(await ask(address(at), 'INFO', 'server')).includes(`\nprocess_id:${pid}\r\n`),
  })
  return Object.assign(server, {
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${server.port}`,
    socket: socketPath,
    ca: certificate?.cert,
    ask: (...command: (string | number)[]) => ask(address(server.port), ...command),
  })
}
