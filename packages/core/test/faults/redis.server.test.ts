import { afterEach, expect, it } from 'vitest'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { allowed, faultWorld, type FaultWorld, ready, RECOVERY_MS, sources } from './world.ts'

let world: FaultWorld
afterEach(() => world.close())

/** What a server says while it cannot do what it is asked, and how it comes to say so. */
const refusals: readonly {
  readonly name: string
  strike(world: FaultWorld): Promise<unknown>
  mend(world: FaultWorld): Promise<unknown>
}[] = [
  {
    name: 'that is out of memory',
    strike: ({ server }) => server.ask('CONFIG', 'SET', 'maxmemory', '1'),
    mend: ({ server }) => server.ask('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    name: 'that became a replica, which can only be read',
    strike: ({ server }) => server.ask('REPLICAOF', '127.0.0.1', '1'),
    mend: ({ server }) => server.ask('REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'that is loading its data',
    async strike({ server }) {
      await server.ask('DEBUG', 'POPULATE', '1000', 'key', '2000')
      await server.ask(
        'CONFIG',
        'SET',
        'key-load-delay',
        '1000',
        'loading-process-events-interval-bytes',
        '1024',
      )
      void server.ask('DEBUG', 'RELOAD').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
    async mend() {
      await new Promise((resolve) => setTimeout(resolve, 1000))
    },
  },
]

for (const kind of newestKinds) {
  for (const { name, strike, mend } of refusals) {
    it(`${kind.name}: a server ${name}`, async () => {
      world = await faultWorld(kind, { args: ['--enable-debug-command', 'yes'] })
      const before = await world.takes(5)
      await world.limiter.take('used up', { cost: 1000 })
      await strike(world)
      // What needs no writing is still answered; that is no recovery.
      for (let round = 0; round < 8; round++) {
        const { source, allowed: passes } = await world.limiter.take('used up', { cost: 1000 })
        expect(`${source} ${passes}`).not.toBe('store true')
        await world.takes(1)
      }
      const during = [...(await world.takes(20)), ...(await world.takes(20))]
      expect(sources(during)).toEqual(['fallback'])
      expect(world.events).toEqual(['failing'])
      await mend(world)
      await ready(world.connected)
      expect(await world.recovery()).toBeLessThan(RECOVERY_MS)
      expect(world.events).toEqual(['failing', 'recovered'])
      const after = await world.takes(5)
      expect(sources([...before, ...after])).toEqual(['store'])
      expect(await world.charged()).toBe(10)
    })
  }

  it(`${kind.name}: a server that is killed and started again forgets counts, and nothing else`, async () => {
    world = await faultWorld(kind, { limit: 20 })
    await world.takes(15)
    const flying = world.takes(3)
    await world.server.kill()
    await flying
    const during = await world.takes(5)
    expect(sources(during)).toEqual(['fallback'])
    await world.server.restart()
    await ready(world.connected)
    expect(await world.recovery()).toBeLessThan(RECOVERY_MS)
    expect(world.events).toEqual(['failing', 'recovered'])
    const after = await world.takes(25)
    expect(sources(after)).toEqual(['store'])
    expect(allowed(after)).toBe(20)
    for (const { remaining } of after) expect(remaining).toBeGreaterThanOrEqual(0)
  })

  it(`${kind.name}: scripts that are forgotten are no failure`, async () => {
    world = await faultWorld(kind, { limit: 30, timeout: '10s' })
    const decisions = await world.takes(10)
    await world.server.ask('SCRIPT', 'FLUSH')
    decisions.push(...(await world.takes(30)))
    expect(sources(decisions)).toEqual(['store'])
    expect(allowed(decisions)).toBe(30)
    expect(world.events).toEqual([])
  })

  it(`${kind.name}: FLUSHALL forgets counts, and nothing else`, async () => {
    world = await faultWorld(kind, { limit: 10, timeout: '10s' })
    expect(allowed(await world.takes(12))).toBe(10)
    await world.server.ask('FLUSHALL')
    const after = await world.takes(12)
    expect(sources(after)).toEqual(['store'])
    expect(allowed(after)).toBe(10)
    expect(world.events).toEqual([])
  })

  it(`${kind.name}: eviction forgets counts, and nothing else`, async () => {
    world = await faultWorld(kind, {
      args: ['--maxmemory', '2mb', '--maxmemory-policy', 'allkeys-lru'],
      timeout: '10s',
    })
    const keys = Array.from({ length: 3000 }, (_, key) => `${key}`.padEnd(1000, '.'))
    for (let from = 0; from < keys.length; from += 20) {
      const batch = keys.slice(from, from + 20)
      const decisions = await Promise.all(batch.map((key) => world.limiter.take(key, { cost: 400 })))
      expect(sources(decisions)).toEqual(['store'])
      for (const { allowed: passes, remaining } of decisions) expect([passes, remaining]).toEqual([true, 600])
    }
    const info = String(await world.server.ask('INFO', 'stats'))
    expect(Number(/evicted_keys:(\d+)/.exec(info)?.[1])).toBeGreaterThan(0)
    for (const key of keys.slice(0, 200)) {
      const { allowed: passes, remaining } = await world.limiter.take(key, { cost: 500 })
      expect(passes).toBe(true)
      expect([100, 500]).toContain(remaining)
    }
  })

  it(`${kind.name}: a mistake in a program is no outage`, async () => {
    world = await faultWorld(kind, { onStoreError: 'allow', timeout: '10s' })
    const [key] = (await world.limiter.take('eve'), await world.server.ask('KEYS', '*eve*')) as [string]
    await world.server.ask('DEL', key)
    await world.server.ask('HSET', key, 'somebody', 'else')
    await expect(world.limiter.take('eve')).rejects.toThrow('WRONGTYPE')
    expect(world.events).toEqual([])
    expect(sources(await world.takes(3))).toEqual(['store'])
  })
}
