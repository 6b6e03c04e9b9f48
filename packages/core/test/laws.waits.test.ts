/** L2, L3 and L7 by themselves, tried on copies of a key at every step of its history. */

import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../src/algorithm.ts'
import { bare, played, type Bare } from './bare.ts'
import { histories, type History } from './histories.ts'
import { holds } from './runs.ts'
import { everySubject, type Subject } from './subjects.ts'
import { walk } from './walk.ts'

function refusalsChangeNothing(key: Bare, algorithm: Algorithm, now: number, cost: number): void {
  // Looking moves a state that is too far ahead, and nothing else.
  key.ask(now, 0)
  const text = key.text()
  const { allowed } = key.ask(now, cost)
  key.take(now, 0)
  if (!allowed) key.take(now, cost)
  expect(key.text(), 'L2').toBe(text)
  if (text !== undefined) expect(algorithm.encode(algorithm.decode(text)), 'text').toBe(text)
}

function waitsAreExact(key: Bare, { limit }: Algorithm, now: number, cost: number): void {
  const { allowed, retryAfterMs } = key.ask(now, cost)
  if (allowed) return expect(retryAfterMs, 'L3').toBe(0)
  if (cost > limit) return expect(retryAfterMs, 'L3').toBe(Infinity)
  expect(retryAfterMs, 'L3').toBeGreaterThan(0)
  expect(key.copy().ask(now + retryAfterMs, cost).allowed, 'L3: allowed then').toBe(true)
  expect(key.copy().ask(now + retryAfterMs - 1, cost).allowed, 'L3: denied sooner').toBe(false)
}

function whatRemainsCanBeTaken(key: Bare, now: number): void {
  const { remaining, allowed } = key.ask(now, 0)
  expect(allowed, 'L7').toBe(true)
  expect(key.ask(now, remaining).allowed, 'L7: no less').toBe(true)
  if (remaining < Number.MAX_SAFE_INTEGER)
    expect(key.ask(now, remaining + 1).allowed, 'L7: no more').toBe(false)
}

function try237<P>(subject: Subject<P>, { variants, ...rest }: History<P>): void {
  const algorithm = subject.make(variants[0] as P)
  const key = bare(algorithm)
  walk({ ...rest, variants: variants.slice(0, 1) }, [algorithm], ({ kind, now, cost, at }) => {
    refusalsChangeNothing(key, algorithm, now, cost)
    waitsAreExact(key, algorithm, now, cost)
    whatRemainsCanBeTaken(key, now)
    return played(key, kind, now, cost, at)
  })
}

describe('refusals change nothing, waits are exact, what remains can be taken', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject.variants, subject.start), (history) => try237(subject, history))
    })
  })
})
