import { refuse } from '../../check.ts'
import { warnOnce } from '../../warn.ts'
import type { RedisPort } from './port.ts'

/** What is used of ioredis: a `Redis` or a `Cluster`. */
interface IoRedis {
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: {
    autoResendUnfulfilledCommands?: boolean | undefined
    retryDelayOnFailover?: number | undefined
    keyPrefix?: string | undefined
    redisOptions?: IoRedis['options']
  }
  /** Its socket, of a `Redis`. */
  readonly stream?: { readonly writable: boolean }
  evalsha(sha: string, numberOfKeys: number, ...rest: string[]): Promise<unknown>
  eval(script: string, numberOfKeys: number, ...rest: string[]): Promise<unknown>
  connect(): Promise<unknown>
  nodes?(role: 'master'): IoRedis[]
}

interface EvalOptions {
  keys: string[]
  arguments: string[]
}

/** What is used of node-redis: what `createClient`, `createSentinel` or `createCluster` makes. */
interface NodeRedis {
  readonly isOpen: boolean
  /** The cluster of version 5 has none. */
  readonly isReady?: boolean
  evalSha(sha: string, options: EvalOptions): Promise<unknown>
  eval(script: string, options: EvalOptions): Promise<unknown>
  readonly masters?: readonly unknown[]
  nodeClient?(master: unknown): NodeRedis | Promise<NodeRedis>
}

/** A client that `redisStore` can use. */
export type RedisClient = RedisPort | IoRedis | NodeRedis

const has = (client: object, ...names: string[]): boolean =>
  names.every((name) => typeof (client as Record<string, unknown>)[name] === 'function')

/**
 * The port of a client, whose kind is told by what it can do: class names differ between copies of a library.
 * @throws TypeError for what is no client
 */
export function portOf(client: RedisClient): RedisPort {
  if (typeof client === 'object' && client !== null) {
    if ('tasksQueueLength' in client)
      refuse('client', 'one connection, which can do many calls at once', 'a pool')
    if (has(client, 'evalSha', 'eval')) return nodeRedis(client as NodeRedis)
    if (has(client, 'evalsha', 'eval', 'defineCommand')) return ioRedis(client as IoRedis)
    if (has(client, 'evalsha', 'eval')) return client as RedisPort
  }
  return refuse('client', 'a client of ioredis or node-redis, or an object with evalsha and eval', client)
}

function ioRedis(client: IoRedis): RedisPort {
  const { keyPrefix } = client.options ?? {}
  // Its scripts would find keys by other names than these, and a slot by another key.
  if (keyPrefix) refuse("the client's keyPrefix", 'empty: give redisStore a prefix', keyPrefix)
  warnOfResending(client)
  return {
    evalsha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    isReady() {
      // With `lazyConnect` it connects when it is first used, which it would never be.
      if (client.status === 'wait') client.connect().catch(() => undefined)
      // Between the end of its socket and its noticing, it would keep what it gets, and send it when it connects again.
      return client.status === 'ready' && client.stream?.writable !== false
    },
    ...(client.isCluster && {
      masters: async () => (client.nodes?.('master') ?? []).map(ioRedis),
    }),
  }
}

/** What is sent twice is charged twice, and ioredis sends unanswered commands again unless it is told not to. */
function warnOfResending({ isCluster, options }: IoRedis): void {
  const resends = 'ioredis sends unanswered commands again, which charges twice: make the client with '
  if ((options?.redisOptions ?? options)?.autoResendUnfulfilledCommands !== false)
    warnOnce(`${resends}autoResendUnfulfilledCommands: false`)
  if (isCluster && options?.retryDelayOnFailover !== 0) warnOnce(`${resends}retryDelayOnFailover: 0`)
}

function nodeRedis(client: NodeRedis): RedisPort {
  const { nodeClient } = client
  return {
    evalsha: (sha, keys, args) => client.evalSha(sha, { keys, arguments: args }),
    eval: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    isReady: () => client.isReady ?? client.isOpen,
    ...(nodeClient && {
      masters: async () =>
        Promise.all(
          (client.masters ?? []).map(async (master) => nodeRedis(await nodeClient.call(client, master))),
        ),
    }),
  }
}
