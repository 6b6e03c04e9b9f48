import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cachedBy } from './cached-by.ts'

const TTL = 3000
const MAX_STALE = 10_000

/** One request: how long after the one before, whose, and whether the table is down by then. */
const step = fc.record({
  afterMs: fc.constantFrom(0, 1, 500, 999, 1000, 1001, 2999, 3000, 7000, 9999, 10_000),
  key: fc.constantFrom('ada', 'bob', undefined),
  isDown: fc.boolean(),
  isAsync: fc.boolean(),
})

interface LookUp {
  readonly at: number
  readonly failed: boolean
}

/** What is wrong with an answer at this time; the answer itself is the time of which it is. */
function wrongAnswer(answer: number | undefined, now: number, lookUps: readonly LookUp[]): boolean {
  if (answer !== undefined) {
    const hasFailed = lookUps.some(({ at, failed }) => failed && at > answer)
    return now - answer >= (hasFailed ? MAX_STALE : TTL)
  }
  const gotAt = lookUps.findLast(({ failed }) => !failed)?.at ?? -Infinity
  const last = lookUps.at(-1)
  return !last?.failed || last.at !== now || now - gotAt < MAX_STALE
}

/** The look-ups of a key that come too soon after the one before. */
function tooSoon(lookUps: readonly LookUp[]): LookUp[] {
  return lookUps.filter(({ at }, index) => {
    const before = lookUps[index - 1]
    if (before === undefined) return false
    if (!before.failed) return at - before.at < TTL
    const gotAt = lookUps.slice(0, index).findLast(({ failed }) => !failed)?.at ?? -Infinity
    return at - gotAt < MAX_STALE && at - before.at < 1000
  })
}

it('answers are young enough, failures are told only where nothing stands in, and no key is asked too often', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      let now = 0
      let is = { isDown: false, isAsync: false }
      const asked = new Map<string | undefined, LookUp[]>()
      const lookUpsOf = (key: string | undefined): readonly LookUp[] => asked.get(key) ?? []
      const cached = cachedBy(
        (key: string | undefined) => key,
        (key) => {
          asked.set(key, [...lookUpsOf(key), { at: now, failed: is.isDown }])
          if (is.isAsync) return is.isDown ? Promise.reject(new Error('down')) : Promise.resolve(now)
          if (is.isDown) throw new Error('down')
          return now
        },
        { ttl: TTL, maxStale: MAX_STALE, clock: () => now },
      )

      const wrong: unknown[] = []
      for (const { afterMs, key, ...state } of steps) {
        now += afterMs
        is = state
        const answer = await (async () => cached(key))().catch(() => undefined)
        // What is tried in the background has its answer by then.
        await new Promise((resolve) => setImmediate(resolve))
        if (wrongAnswer(answer, now, lookUpsOf(key))) wrong.push({ answer, now, key })
      }
      expect(wrong).toEqual([])
      expect([...asked.values()].flatMap(tooSoon)).toEqual([])
    }),
    { numRuns: 500 },
  )
})
