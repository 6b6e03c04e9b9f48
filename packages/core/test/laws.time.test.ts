/** L4 and L5 by themselves, tried on copies of a key at every step of its history. */

import { describe, it } from 'vitest'
import type { Algorithm } from '../src/algorithm.ts'
import { everySubject } from './every-subject.ts'
import { bare, played, type Bare } from './bare.ts'
import { histories, type History } from './histories.ts'
import { must } from './must.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { patienceOf, walk } from './walk.ts'

/** What a key says to some costs, now and after a charge, also when the clock steps back. */
function answers(key: Bare, now: number, cost: number): string {
  const before = [0, 1, cost].map((units) => key.ask(now, units))
  key.force(now, cost)
  return JSON.stringify([...before, ...[now, now + 1, now - 1].map((t) => key.ask(t, 1)), key.ttlMs(now)])
}

/** L4: where the state says that it no longer matters, it is like none. */
function overIsOver(key: Bare, algorithm: Algorithm, now: number, cost: number, turn: number): void {
  const end = now + Math.max(0, key.ttlMs(now))
  const t = [end, end + 1, now, now - 17, end + algorithm.windowMs][turn % 5] as number
  if (t < 0 || key.text() === undefined || key.ttlMs(t) > 0) return
  const was = answers(key.copy(), t, cost)
  const fresh = answers(bare(algorithm), t, cost)
  must(was === fresh, () => `L4: at ${t} the key of ${key.text()}\nsays ${was}\n  not ${fresh}`)
}

/** L5: the same instant by a clock that went back offers no more, and no wait grows without bound. */
function backIsNoGain(key: Bare, algorithm: Algorithm, now: number, longestMs: number, turn: number): void {
  const patience = patienceOf(algorithm)
  const back = [1, 40, Math.floor(patience / 3), patience, patience + 1, 3 * patience][turn % 6] as number
  const then = key.copy()
  const { remaining, resetMs } = then.ask(now - back, 0)
  const text = then.text()
  // Beyond patience older counts are moved only by whole windows and parts, and so can be felt a little less.
  const isMoved = then.adopt(now - back)
  // What had been carried over is there again in the period that it was carried into, if nobody took anything since.
  const { limit, maxLimit = limit } = algorithm
  const most = key.ttlMs(now) > 0 ? key.ask(now, 0).remaining : maxLimit
  must(isMoved || remaining <= most, () => `L5: ${remaining} of ${text} ${back} ms back from ${now}`)
  must(
    resetMs <= longestMs + patience,
    () => `L5: ${text} resets in ${resetMs} after ${back} ms back from ${now}`,
  )
  const { retryAfterMs } = then.ask(now - back, algorithm.limit)
  must(
    retryAfterMs <= longestMs + patience,
    () => `L5: ${text} waits ${retryAfterMs} after ${back} ms back from ${now}`,
  )
}

function try45<P>(subject: Subject<P>, { variants, start, steps }: History<P>): void {
  const params = variants[0] as P
  const algorithm = subject.make(params)
  const key = bare(algorithm)
  let turn = start + steps.length
  // Debt has waits of its own.
  const free = steps.filter(({ move }) => move !== 'force')
  walk({ variants: [params], start, steps: free }, [algorithm], ({ kind, now, cost, at }) => {
    turn++
    // Far leaps are slow where the calendar has to be asked each time.
    if (subject.maxSteps === undefined || turn % 4 === 0) {
      overIsOver(key, algorithm, now, cost, turn)
      backIsNoGain(key, algorithm, now, subject.longestMs(params), turn)
    }
    return played(key, kind, now, cost, at)
  })
}

describe('what is over is over, and a clock that goes back grants nothing', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject), (history) => try45(subject, history), subject.examples)
    })
  })
})
