import { afterEach, describe, expect, it } from 'vitest'
import { newestKinds } from '../../src/testing/redis-clients.ts'
import { allowed, faultWorld, type FaultWorld, ready, RECOVERY_MS, sources } from './world.ts'

/** Spoils the way to the server, in the middle of calls or before them, and how it is mended. */
const faults: readonly {
  readonly name: string
  strike(world: FaultWorld): void
  mend(world: FaultWorld): void
}[] = [
  {
    name: 'replies that are late',
    strike: ({ proxy }) => proxy.delayReplies(1000),
    mend: ({ proxy }) => proxy.pass(),
  },
  {
    name: 'replies that are lost after the server did it',
    strike: ({ proxy }) => proxy.dropReplies(),
    mend({ proxy }) {
      proxy.pass()
      proxy.reset()
    },
  },
  {
    name: 'connections that are reset',
    strike({ proxy }) {
      proxy.refuse()
      proxy.reset()
    },
    mend: ({ proxy }) => proxy.pass(),
  },
  {
    name: 'a cable that is unplugged',
    strike: ({ proxy }) => proxy.halfOpen(),
    mend({ proxy }) {
      proxy.pass()
      proxy.reset()
    },
  },
]

let world: FaultWorld
afterEach(() => world.close())

for (const kind of newestKinds) {
  for (const { name, strike, mend } of faults) {
    it(`${kind.name}: ${name}`, async () => {
      world = await faultWorld(kind)
      const before = await world.takes(5)
      expect(sources(before)).toEqual(['store'])

      const flying = world.takes(10)
      strike(world)
      // Ten that fail open the breaker, so nothing more is sent.
      const during = await flying
      during.push(...(await world.takes(30)))
      const later = await world.takes(5)
      expect(sources(later)).toEqual(['fallback'])
      expect(world.events).toEqual(['failing'])

      mend(world)
      await ready(world.connected)
      expect(await world.recovery()).toBeLessThan(RECOVERY_MS)
      expect(world.events).toEqual(['failing', 'recovered'])
      const after = await world.takes(5)
      expect(sources(after)).toEqual(['store'])

      const byStore = [...before, ...during, ...later, ...after].filter(({ source }) => source === 'store')
      const inFlight = 10
      const charged = await world.charged()
      expect(charged).toBeGreaterThanOrEqual(allowed(byStore))
      expect(charged).toBeLessThanOrEqual(allowed(byStore) + inFlight)
      expect(charged).toBeLessThanOrEqual(allowed([...before, ...during, ...later, ...after]))
    })
  }

  it(`${kind.name}: refusals that are known without the server say nothing about it`, async () => {
    world = await faultWorld(kind, { limit: 5, denyCache: true })
    await world.takes(6)
    world.proxy.halfOpen()
    for (let round = 0; round < 8; round++) {
      const { source, allowed: passes } = await world.limiter.take('ada')
      expect(['deny-cache false', 'fallback true', 'fallback false']).toContain(`${source} ${passes}`)
      expect((await world.limiter.take({})).allowed).toBe(true)
      await world.limiter.take(`somebody ${round}`)
    }
    expect(world.events).toEqual(['failing'])
    expect((await world.limiter.take('somebody')).source).toBe('fallback')
    world.proxy.pass()
    world.proxy.reset()
    await ready(world.connected)
    expect(await world.recovery()).toBeLessThan(RECOVERY_MS)
    expect(world.events).toEqual(['failing', 'recovered'])
  })

  it(`${kind.name}: replies that come byte by byte`, async () => {
    world = await faultWorld(kind, { limit: 8, timeout: '10s' })
    world.proxy.byteByByte()
    const decisions = await world.takes(12)
    expect(sources(decisions)).toEqual(['store'])
    expect(allowed(decisions)).toBe(8)
    expect(world.events).toEqual([])
  })

  describe(`${kind.name}: what answers`, () => {
    it.each([
      ['local', 'fallback', 6],
      ['allow', 'failure-policy', 9],
      ['deny', 'failure-policy', 0],
      [{ local: { share: 1 / 2 } }, 'fallback', 3],
    ] as const)('is what %o says', async (onStoreError, source, passes) => {
      world = await faultWorld(kind, { onStoreError, limit: 6 })
      world.proxy.halfOpen()
      const decisions = await world.takes(9)
      expect(sources(decisions)).toEqual([source])
      expect(allowed(decisions)).toBe(passes)
    })
  })
}
