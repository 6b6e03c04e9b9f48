import { type RedisServer, startRedis } from './redis.ts'
import { until } from './until.ts'

export interface SentinelGroup {
  /** By which clients ask the sentinels for the master. */
  readonly name: string
  /** What clients start from. */
  readonly sentinels: readonly RedisServer[]
  /** The first master and its replica. */
  readonly servers: readonly RedisServer[]
  /** The one that is the master now, as the sentinels say. */
  master(): Promise<RedisServer>
  /** Makes the replica the master, after killing the old one if that is wanted; resolves when it has taken over. */
  failOver(how?: { readonly kill: boolean }): Promise<void>
  stop(): Promise<void>
}

export interface SentinelOptions {
  /** How many of them watch; default: 1. A majority of them has to agree that the master is down. */
  readonly sentinels?: number
  /** After how long without an answer a server is taken for down, in milliseconds; default: 300. */
  readonly downAfterMs?: number
  /** More of the Redis servers' own options. */
  readonly args?: readonly string[]
}

const name = 'sluice'

/** Starts a master with one replica, and sentinels that see soon when it is gone. */
export async function startSentinel({
  sentinels: count = 1,
  downAfterMs = 300,
  args = [],
}: SentinelOptions = {}): Promise<SentinelGroup> {
  const started: RedisServer[] = []
  const start = async (...options: Parameters<typeof startRedis>): Promise<RedisServer> => {
    const server = await startRedis(...options)
    started.push(server)
    return server
  }
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()))
  }
  try {
    const first = await start({ args })
    const second = await start({ args: [...args, '--replicaof', first.host, String(first.port)] })
    const files = { 'redis.conf': configuration(first, count, downAfterMs) }
    const sentinels = await Promise.all(
      Array.from({ length: count }, () => start({ files, args: ['--sentinel'] })),
    )
    await Promise.all(sentinels.map((sentinel) => hurry(sentinel)))
    await until('All know each other', () => everybodyIsKnown(sentinels))

    const master = async (): Promise<RedisServer> => {
      const asked = sentinels.find((sentinel) => sentinel.running())!
      const [, port] = (await asked.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[]
      return [first, second].find((server) => server.port === Number(port))!
    }
    return {
      name,
      sentinels,
      servers: [first, second],
      master,
      async failOver({ kill } = { kill: false }) {
        const old = await master()
        if (kill) await old.kill()
        else await sentinels[0]!.ask('SENTINEL', 'FAILOVER', name)
        await until('There is another master', async () => {
          const now = await master()
          return now !== old && ((await now.ask('ROLE')) as string[])[0] === 'master'
        })
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const configuration = ({ host, port }: RedisServer, count: number, downAfterMs: number): string => `
sentinel monitor ${name} ${host} ${port} ${Math.floor(count / 2) + 1}
sentinel down-after-milliseconds ${name} ${downAfterMs}
sentinel failover-timeout ${name} 1000
`

/** They look and talk every second or ten otherwise; those before Redis 7 cannot be told. */
async function hurry(sentinel: RedisServer): Promise<void> {
  const periods = ['info-period', 'publish-period', 'ping-period', 'ask-period'].flatMap((period) => [
    period,
    100,
  ])
  await sentinel.ask('SENTINEL', 'DEBUG', ...periods).catch(() => {})
}

async function everybodyIsKnown(sentinels: readonly RedisServer[]): Promise<boolean> {
  for (const sentinel of sentinels) {
    const [replica] = (await sentinel.ask('SENTINEL', 'REPLICAS', name)) as string[][]
    if (field(replica, 'flags') !== 'slave' || field(replica, 'master-link-status') !== 'ok') return false
    const watched = (await sentinel.ask('SENTINEL', 'MASTER', name)) as string[]
    if (Number(field(watched, 'num-other-sentinels')) !== sentinels.length - 1) return false
  }
  return true
}

/** A field of a reply in which names and values take turns. */
const field = (reply: string[] | undefined, key: string): string | undefined =>
  reply?.[reply.indexOf(key) + 1]
