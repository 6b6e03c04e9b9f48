import { existsSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startCluster } from './cluster.ts'
import { startMemcached } from './memcached.ts'
import { type RedisOptions, type RedisServer, startRedis } from './redis.ts'
import { ask } from './resp.ts'
import { startSentinel } from './sentinel.ts'
import { commandCalls, growth, memcachedStats } from './stats.ts'
import { until } from './until.ts'

type After = (stop: () => Promise<void>) => void

/** Of tests that run at the same time each has to say for itself what comes after it. */
function stopLater<T extends { stop(): Promise<void> }>(server: T, after: After = onTestFinished): T {
  after(() => server.stop())
  return server
}

const redis = async (options?: RedisOptions): Promise<RedisServer> => stopLater(await startRedis(options))

describe('a Redis', () => {
  test('answers, can be killed, and starts anew on its port and socket with nothing in memory', async () => {
    const server = await redis({ socket: true })
    const socket = { path: server.socket! }
    await server.ask('SET', 'key', 'value')
    expect(await ask(socket, 'GET', 'key')).toBe('value')
    const before = server.pid

    await server.kill()
    expect(server.running()).toBe(false)
    await expect(server.ask('PING')).rejects.toThrow('ECONNREFUSED')

    await server.restart()
    expect(server.running()).toBe(true)
    expect(server.pid).not.toBe(before)
    expect(await server.ask('GET', 'key')).toBeNull()
    expect(await ask(socket, 'PING')).toBe('PONG')
  })

  test('can be stopped while it is paused, twice', async () => {
    const server = await redis()
    await server.kill('SIGSTOP')
    expect(server.running()).toBe(true)
    await server.stop()
    await server.stop()
    expect(server.running()).toBe(false)
  })

  test('two never get the same port', async () => {
    const server = await redis()
    await expect(startRedis({ port: server.port })).rejects.toThrow('Address already in use')
  })

  test('says why it cannot start', async () => {
    await expect(startRedis({ args: ['--maxmemory', 'plenty'] })).rejects.toThrow(
      'argument must be a memory value',
    )
  })

  test('speaks TLS with a certificate that clients can check', async () => {
    const server = await redis({ tls: true })
    expect(server.url).toBe(`rediss://127.0.0.1:${server.port}`)
    expect(await server.ask('PING')).toBe('PONG')
    for (const host of ['127.0.0.1', 'localhost']) {
      const socket = connectTls({
        host: '127.0.0.1',
        port: server.port,
        ca: server.ca,
        servername: host === 'localhost' ? host : '',
      })
      await once(socket, 'secureConnect')
      expect(socket.authorized).toBe(true)
      socket.destroy()
    }
    await expect(ask({ port: server.port }, 'PING')).rejects.toThrow(/closed|ECONNRESET/)
  })

  test('counts what it was asked', async () => {
    const server = await redis()
    const before = await commandCalls(server)
    await server.ask('EVAL', "return redis.call('INCR', KEYS[1])", 1, 'key')
    await server.ask('SCRIPT', 'LOAD', 'return 1')
    expect(growth(before, await commandCalls(server))).toEqual({
      eval: 1,
      incr: 1,
      'script|load': 1,
      info: 1,
    })
  })

  test('replies of all kinds are read', async () => {
    const server = await redis()
    await expect(server.ask('EVAL', 'return {1, "ä", {}, false, {2}}', 0)).resolves.toEqual([
      1,
      'ä',
      [],
      null,
      [2],
    ])
    await expect(server.ask('GET')).rejects.toThrow('wrong number of arguments')
    const long = 'x'.repeat(300_000)
    await server.ask('SET', 'long', long)
    expect(await server.ask('GET', 'long')).toBe(long)
  })
})

describe('a Memcached', () => {
  test('answers, counts, and starts anew on its port', async () => {
    const server = stopLater(await startMemcached({ args: ['-m', '2'] }))
    expect(await memcachedStats(server.address)).toMatchObject({
      pid: server.pid,
      limit_maxbytes: 2 * 1024 * 1024,
    })
    await server.kill()
    await expect(memcachedStats(server.address)).rejects.toThrow('ECONNREFUSED')
    await server.restart()
    expect(await memcachedStats(server.address)).toMatchObject({ pid: server.pid, cmd_get: 0 })
  })
})

describe.concurrent('several servers', () => {
  test('a cluster: slots move with their keys, and a replica takes over from its master', async (context) => {
    const cluster = stopLater(await startCluster({ replicas: 1 }), context.onTestFinished)
    const slot = Number(await cluster.masters[0]!.ask('CLUSTER', 'KEYSLOT', 'key'))
    const owner = await cluster.ownerOf(slot)
    const other = cluster.masters.find((master) => master !== owner)!
    await owner.ask('SET', 'key', 'value')

    await cluster.moveSlot(slot, other)
    expect(await cluster.ownerOf(slot)).toBe(other)
    expect(await other.ask('GET', 'key')).toBe('value')
    await expect(owner.ask('GET', 'key')).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${other.port}`)

    const replica = cluster.replicas[cluster.masters.indexOf(other)]!
    await until('the replica has the key', async () => (await replica.ask('DBSIZE')) === 1)
    await other.kill()
    await until('the replica has taken over', async () => (await cluster.ownerOf(slot)) === replica)
    expect(await replica.ask('GET', 'key')).toBe('value')
  })

  test.for([1, 3])(
    '%i sentinels make the replica the master when the master is killed',
    async (count, context) => {
      const group = stopLater(await startSentinel({ sentinels: count }), context.onTestFinished)
      const [first, second] = group.servers
      expect(group.sentinels).toHaveLength(count)
      expect(await group.master()).toBe(first)
      await first!.ask('SET', 'key', 'value')
      await until('the replica has the key', async () => (await second!.ask('DBSIZE')) === 1)

      await group.failOver({ kill: true })
      expect(await group.master()).toBe(second)
      expect(await second!.ask('GET', 'key')).toBe('value')
    },
  )

  test('sentinels fail over on demand, with the old master alive', async (context) => {
    const group = stopLater(await startSentinel(), context.onTestFinished)
    await group.failOver()
    expect(await group.master()).toBe(group.servers[1])
    await until('the old master follows', async () => {
      const [role] = (await group.servers[0]!.ask('ROLE')) as string[]
      return role === 'slave'
    })
  })
})

test('folders are removed with the servers', async () => {
  const server = await redis({ socket: true })
  await server.restart()
  expect(existsSync(server.socket!)).toBe(true)
  await server.stop()
  expect(existsSync(server.socket!)).toBe(false)
})
