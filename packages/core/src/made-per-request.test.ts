import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as Core from './index.ts'

let core: typeof Core
let warned: string[]

/** The notice is given once a process, so each test has the modules anew. */
beforeEach(async () => {
  vi.resetModules()
  core = await import('./index.ts')
  warned = []
  vi.spyOn(console, 'warn').mockImplementation((text: string) => warned.push(text))
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a limiter that is made for each request', () => {
  it('is noticed and named, once', () => {
    for (let request = 0; request < 50; request++) {
      core.createLimiter({ name: 'per-ip', limit: 1, window: '1m' }).take('192.0.2.1')
    }
    expect(warned).toEqual([expect.stringMatching(/^\[sluice\] .*per-ip.* made for each request/)])
  })

  it('is noticed whatever is called', () => {
    for (let request = 0; request < 10; request++) core.createLimiter({ limit: 1, window: '1m' }).peek('ada')
    expect(warned.length).toBe(1)
  })
})

describe('limiters that are made once', () => {
  it('are not noticed, however many there are and however often they are used', async () => {
    const limiters = Array.from({ length: 50 }, () => core.createLimiter({ limit: 1, window: '1m' }))
    await Promise.resolve()
    for (const limiter of limiters) for (let call = 0; call < 3; call++) limiter.take('ada')
    expect(warned).toEqual([])
  })

  it('are not noticed when they are used at once, but more than once', () => {
    for (let made = 0; made < 50; made++) {
      const limiter = core.createLimiter({ limit: 1, window: '1m' })
      limiter.take('ada')
      limiter.take('ada')
      limiter.take('ada')
    }
    expect(warned).toEqual([])
  })

  it('are not noticed on a store that they were given: there the second one is an error', () => {
    for (let made = 0; made < 50; made++) {
      core.createLimiter({ store: core.memoryStore(), limit: 1, window: '1m' }).take('ada')
    }
    expect(warned).toEqual([])
  })
})
