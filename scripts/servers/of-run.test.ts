import { describe, expect, test } from 'vitest'
import { clusterOfRun, memcachedOfRun, redisOfRun } from './of-run.ts'
import { ask } from './resp.ts'
import { memcachedStats } from './stats.ts'

describe('the servers of a run', () => {
  test('there is a Redis', async () => {
    const { port, prefix } = await redisOfRun()
    await ask({ port }, 'SET', `${prefix}:key`, 'value', 'PX', 60_000)
    expect(await ask({ port }, 'GET', `${prefix}:key`)).toBe('value')
  })

  test('there is a cluster of three masters, which own all slots', async () => {
    const { nodes } = await clusterOfRun()
    expect(nodes).toHaveLength(3)
    const owned = (await ask(nodes[0]!, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    expect(owned.reduce((sum, [first, last]) => sum + last - first + 1, 0)).toBe(16_384)
    expect(new Set(owned.map(([, , [, port]]) => port))).toEqual(new Set(nodes.map(({ port }) => port)))
  })

  test('there is a Memcached', async () => {
    const { address } = await memcachedOfRun()
    expect(await memcachedStats(address)).toMatchObject({ pid: expect.any(Number) })
  })

  test('all who ask get the same server, and keys of their own', async () => {
    const [first, second] = await Promise.all([redisOfRun(), redisOfRun()])
    expect(second.url).toBe(first.url)
    expect(second.prefix).not.toBe(first.prefix)
    expect(first.prefix).toMatch(/^sluice-test-[0-9a-f]{12}$/)
  })
})
