/** L4 and L5 by themselves, tried on copies of a key at every step of its history. */

import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../src/algorithm.ts'
import { bare, played, type Bare } from './bare.ts'
import { histories, type History } from './histories.ts'
import { holds } from './runs.ts'
import { everySubject, type Subject } from './subjects.ts'
import { patienceOf, walk } from './walk.ts'

/** What a key says to some costs, now and after a charge, also when the clock steps back. */
function answers(key: Bare, now: number, cost: number): unknown[] {
  const before = [0, 1, cost].map((units) => key.ask(now, units))
  key.force(now, cost)
  return [before, ...[now, now + 1, now - 1].map((t) => key.ask(t, 1)), key.ttlMs(now)]
}

/** L4: where the state says that it no longer matters, it is like none. */
function overIsOver(key: Bare, algorithm: Algorithm, now: number, cost: number): void {
  const end = now + Math.max(0, key.ttlMs(now))
  for (const t of [now, now - 17, end, end + 1, end + algorithm.windowMs]) {
    if (key.ttlMs(t) > 0) continue
    expect(answers(key.copy(), t, cost), `L4 at ${t}`).toEqual(answers(bare(algorithm), t, cost))
  }
}

/** L5: the same instant by a clock that went back offers no more, and no wait grows without bound. */
function backIsNoGain(key: Bare, algorithm: Algorithm, now: number, longestMs: number): void {
  const patience = patienceOf(algorithm)
  for (const back of [1, 40, Math.floor(patience / 3), patience, patience + 1, 3 * patience]) {
    if (back > now) continue
    const then = key.copy()
    const text = then.text()
    const { remaining, resetMs } = then.ask(now - back, 0)
    // Beyond patience older counts are moved as far as they go, which can be a step off.
    if (then.text() === text)
      expect(remaining, `L5 back ${back}`).toBeLessThanOrEqual(key.ask(now, 0).remaining)
    expect(resetMs, `L5 reset after ${back} back`).toBeLessThanOrEqual(longestMs + patience)
    if (algorithm.limit === 0) continue
    const { retryAfterMs } = then.ask(now - back, algorithm.limit)
    expect(retryAfterMs, `L5 wait after ${back} back`).toBeLessThanOrEqual(longestMs + patience)
  }
}

function try45<P>(subject: Subject<P>, { variants, start, steps }: History<P>): void {
  const params = variants[0] as P
  const algorithm = subject.make(params)
  const key = bare(algorithm)
  // Debt has waits of its own.
  const free = steps.filter(({ move }) => move !== 'force')
  walk({ variants: [params], start, steps: free }, [algorithm], ({ kind, now, cost, at }) => {
    overIsOver(key, algorithm, now, cost)
    backIsNoGain(key, algorithm, now, subject.longestMs(params))
    return played(key, kind, now, cost, at)
  })
}

describe('what is over is over, and a clock that goes back grants nothing', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject.variants, subject.start), (history) => try45(subject, history))
    })
  })
})
