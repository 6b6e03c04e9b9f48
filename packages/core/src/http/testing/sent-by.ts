import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http'
import {
  createServer as createHttp2Server,
  connect as connectHttp2,
  type ServerHttp2Session,
} from 'node:http2'
import { type AgentOptions, createServer as createHttpsServer, request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { type Listening, listen } from '../../../test/node-http-server.ts'
import { counter } from '../cases/world.ts'
import { type Sent, whenNodeSent } from '../sent.ts'

export type Handler = (res: ServerResponse, req: IncomingMessage) => void

export interface Serving extends Listening {
  /** How responses ended, in the order in which they did. */
  readonly ended: readonly Sent[]
  readonly reached: ReturnType<typeof counter>['reached']
  /** Asks, and gives all that comes of a body. */
  read(method?: string): Promise<Buffer>
}

/** Where responses are sent: how to serve, and how to ask. */
export interface Wire {
  serve(listener: (req: IncomingMessage, res: ServerResponse) => void): Server
  read(at: Listening, method: string): Promise<Buffer>
}

const key = Buffer.alloc(32, 7)
// Without certificates, which would run out.
const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const

const readBy =
  (request: typeof requestHttp, options: AgentOptions = {}): Wire['read'] =>
  ({ at }, method) =>
    new Promise((resolve, reject) => {
      const asking = request({ ...at, path: '/', method, agent: false, ...options }, (response) => {
        buffer(response).then(resolve, reject)
      })
      asking.on('error', reject).end()
    })

export const wires = {
  HTTP: { serve: createServer, read: readBy(requestHttp) },
  HTTPS: {
    serve: (listener) => createHttpsServer({ ...tls, pskCallback: () => key }, listener),
    read: readBy(requestHttps, {
      ...tls,
      pskCallback: () => ({ psk: key, identity: 'ada' }),
      checkServerIdentity: () => undefined,
    }),
  },
  'HTTP/2': {
    // Its compatible form: the same handlers.
    serve(listener) {
      const server = createHttp2Server(listener as never)
      const sessions = new Set<ServerHttp2Session>()
      server.on('session', (session) => sessions.add(session))
      const closeAllConnections = (): void => sessions.forEach((session) => session.destroy())
      return Object.assign(server, { closeAllConnections }) as unknown as Server
    },
    async read({ url }, method) {
      const session = connectHttp2(url)
      const body = await buffer(session.request({ ':method': method }))
      session.close()
      return body
    },
  },
} satisfies Record<string, Wire>

/**
 * Serves a handler on a real server, until the test is over, and tells how its responses ended; `before` sees them
 * before they are watched.
 */
export async function serve(
  handler: Handler,
  { wire = wires.HTTP, before, onUnixSocket = false }: ServingOptions = {},
): Promise<Serving> {
  const ended: Sent[] = []
  const over = counter()
  const server = wire.serve((req, res) => {
    before?.(res)
    whenNodeSent(
      res,
      req.socket,
      (sent) => {
        ended.push(sent)
        over.add()
      },
      true,
    )
    handler(res, req)
  })
  const listening = await listen(server, onUnixSocket)
  onTestFinished(listening.close)
  return {
    ...listening,
    ended,
    reached: over.reached,
    read: (method = 'GET') => wire.read(listening, method),
  }
}

export interface ServingOptions {
  readonly wire?: Wire
  readonly before?: (res: ServerResponse) => void
  readonly onUnixSocket?: boolean
}

export const text = (length: number): string => 'x'.repeat(length)

/** A stream of so many parts. */
export const parts = (count: number, size: number): Readable =>
  Readable.from(Array.from({ length: count }, () => Buffer.alloc(size)))
