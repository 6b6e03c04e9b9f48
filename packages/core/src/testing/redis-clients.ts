import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createCluster } from 'redis'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5'
import type { RedisClient } from '../stores/redis/clients.ts'

/** A client that is connected, and how to end it. */
export interface Connected {
  readonly client: RedisClient
  close(): Promise<void>
}

/** Where a server is: a port with or without TLS, or a Unix socket. */
interface Place {
  readonly host?: string
  readonly port?: number
  readonly socket?: string | undefined
  /** The certificate to trust. */
  readonly ca?: string | undefined
}

type Node = { readonly host: string; readonly port: number }

/** A kind of client, and how the tests make one: it reconnects every 50 ms and never sends twice. */
export interface ClientKind {
  readonly name: string
  /** Waits until it is connected. */
  single(place: Place): Promise<Connected>
  /** Does not wait: the server may not be there yet. */
  connecting(place: Place): Connected
  cluster(nodes: readonly Node[]): Promise<Connected>
}

const RETRY_MS = 50
const nobody = (): void => undefined

interface Emitter {
  on(event: 'error', listener: () => void): unknown
}

/** What fails is told by the calls that fail. */
const quiet = <T extends Emitter>(client: T): T => {
  client.on('error', nobody)
  return client
}

const ioredisOptions = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  retryStrategy: () => RETRY_MS,
}

function ioredis(
  name: string,
  Single: typeof Redis | typeof Redis5,
  Many: typeof Cluster | typeof Cluster5,
): ClientKind {
  const connectedBy = (client: Redis | Redis5 | Cluster | Cluster5): Connected => ({
    client: client,
    close: async () => client.disconnect(),
  })
  const ready = async (client: Redis | Cluster): Promise<Connected> => {
    await once(client, 'ready')
    return connectedBy(client)
  }
  const single = ({ host = '127.0.0.1', port = 6379, socket, ca }: Place): Redis =>
    quiet(
      new (Single as typeof Redis)({
        ...ioredisOptions,
        ...(socket === undefined ? { host, port } : { path: socket }),
        ...(ca && { tls: { ca } }),
      }),
    )
  return {
    name,
    single: (place) => ready(single(place)),
    connecting: (place) => connectedBy(single(place)),
    cluster: (nodes) =>
      ready(
        quiet(
          new (Many as typeof Cluster)([...nodes], {
            clusterRetryStrategy: () => RETRY_MS,
            retryDelayOnFailover: 0,
            slotsRefreshTimeout: 500,
            redisOptions: { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 1 },
          }),
        ),
      ),
  }
}

interface Connects {
  connect(): Promise<unknown>
  destroy(): void
}

function nodeRedis(
  name: string,
  client: typeof createClient | typeof createClient5,
  many: typeof createCluster | typeof createCluster5,
): ClientKind {
  const connectedBy = (made: Connects): Connected => ({
    client: made as unknown as RedisClient,
    close: async () => made.destroy(),
  })
  const ready = async (made: Connects): Promise<Connected> => {
    await made.connect()
    return connectedBy(made)
  }
  const socketOptions = { reconnectStrategy: () => RETRY_MS }
  const single = ({ host = '127.0.0.1', port = 6379, socket, ca }: Place): Connects =>
    quiet(
      (client as typeof createClient)({
        disableOfflineQueue: true,
        socket: {
          ...socketOptions,
          ...(socket === undefined ? { host, port } : { path: socket, tls: false as const }),
          ...(ca && { tls: true as const, ca }),
        } as never,
      }),
    )
  return {
    name,
    single: (place) => ready(single(place)),
    connecting(place) {
      const made = single(place)
      // It is closed while it still tries.
      made.connect().catch(nobody)
      return connectedBy(made)
    },
    cluster: (nodes) =>
      ready(
        quiet(
          (many as typeof createCluster)({
            rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
            defaults: { socket: socketOptions },
          }),
        ),
      ),
  }
}

/** Every client that is supported, the newest of each library first. */
export const clientKinds: readonly ClientKind[] = [
  ioredis('ioredis 6', Redis, Cluster),
  nodeRedis('node-redis 6', createClient, createCluster),
  ioredis('ioredis 5', Redis5, Cluster5),
  nodeRedis('node-redis 5', createClient5, createCluster5),
]

/** The newest of each library. */
export const newestKinds: readonly ClientKind[] = clientKinds.slice(0, 2)
