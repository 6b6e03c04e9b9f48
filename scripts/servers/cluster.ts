import { type RedisServer, startRedis } from './redis.ts'
import { until } from './until.ts'

const slots = 16_384

export interface Cluster {
  /** The masters, in the order of the slots they own at first: the n-th third (of three) is the n-th's. */
  readonly masters: readonly RedisServer[]
  /** Replicas of the masters in turn. */
  readonly replicas: readonly RedisServer[]
  /** What clients start from. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** The master that owns a slot, as the first node that runs sees it. */
  ownerOf(slot: number): Promise<RedisServer>
  /** Moves a slot with all its keys, the documented way: clients meet MOVED and ASK while it goes on. */
  moveSlot(slot: number, to: RedisServer): Promise<void>
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Default: 3. */
  readonly masters?: number
  /** Of each master; default: 0. */
  readonly replicas?: number
  /** More of the servers' own options. */
  readonly args?: readonly string[]
}

/** Starts a Redis Cluster and waits until every node knows every other; takes 2 s, which is how long new masters wait. */
export async function startCluster({
  masters: masterCount = 3,
  replicas: replicasEach = 0,
  args = [],
}: ClusterOptions = {}): Promise<Cluster> {
  const count = masterCount * (1 + replicasEach)
  // Short only where somebody can take over: on a busy machine a node may well be silent for a second.
  const timeoutMs = replicasEach > 0 ? 1000 : 15_000
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(timeoutMs), ...args]
  const servers = await Promise.all(Array.from({ length: count }, () => startRedis({ args: options })))
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    const masters = servers.slice(0, masterCount)
    const replicas = servers.slice(masterCount)
    await introduce(masters, servers)
    await until('Every node of the cluster is ready', async () => {
      for (const server of servers) {
        const info = String(await server.ask('CLUSTER', 'INFO'))
        if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${count}\r`))
          return false
      }
      return true
    })
    await follow(masters, replicas)
    const ownerOf = (slot: number): Promise<RedisServer> => findOwner(slot, servers)
    return {
      masters,
      replicas,
      nodes: servers.map(({ host, port }) => ({ host, port })),
      ownerOf,
      moveSlot: async (slot, to) => moveSlot(slot, await ownerOf(slot), to, masters),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Gives each master its share of the slots, and makes all nodes meet: left to hearsay it can take seconds. */
async function introduce(masters: readonly RedisServer[], servers: readonly RedisServer[]): Promise<void> {
  const share = slots / masters.length
  await Promise.all(
    servers.map(async (server, index) => {
      const own = range(Math.ceil(index * share), Math.ceil((index + 1) * share))
      if (index < masters.length) await server.ask('CLUSTER', 'ADDSLOTS', ...own)
      // Without it all start with the same epoch and have to settle on others first.
      await server.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }),
  )
  const pairs = servers.flatMap((one, index) =>
    servers.slice(index + 1).map((other) => [one, other] as const),
  )
  await Promise.all(pairs.map(([one, other]) => one.ask('CLUSTER', 'MEET', other.host, other.port)))
}

async function follow(masters: readonly RedisServer[], replicas: readonly RedisServer[]): Promise<void> {
  await Promise.all(
    replicas.map(async (replica, index) => {
      const master = masters[index % masters.length]!
      await replica.ask('CLUSTER', 'REPLICATE', String(await master.ask('CLUSTER', 'MYID')))
      await until('The replica is in step with its master', async () =>
        String(await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
      )
    }),
  )
}

async function findOwner(slot: number, servers: readonly RedisServer[]): Promise<RedisServer> {
  const asked = servers.find((server) => server.running())!
  for (const row of rows(await asked.ask('CLUSTER', 'SLOTS'))) {
    const [first, last, [, port]] = row as [number, number, [string, number]]
    if (first <= slot && slot <= last) return servers.find((server) => server.port === port)!
  }
  throw new Error(`No node owns slot ${slot}`)
}

async function moveSlot(
  slot: number,
  from: RedisServer,
  to: RedisServer,
  masters: readonly RedisServer[],
): Promise<void> {
  if (from === to) return
  const [source, target] = await Promise.all([from, to].map((node) => node.ask('CLUSTER', 'MYID')))
  await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(source))
  await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(target))
  for (;;) {
    const keys = rows(await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100)).map(String)
    if (keys.length === 0) break
    await from.ask('MIGRATE', to.host, to.port, '', 0, 5000, 'KEYS', ...keys)
  }
  // The target first: were the source to forget the slot before, nobody would own it.
  for (const node of [to, from, ...masters.filter((master) => master !== from && master !== to)])
    if (node.running()) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', String(target))
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
const rows = (reply: unknown): unknown[] => reply as unknown[]
