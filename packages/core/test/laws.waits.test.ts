/** L2, L3 and L7 by themselves, tried on copies of a key at every step of its history. */

import { describe, it } from 'vitest'
import type { Algorithm } from '../src/algorithm.ts'
import { everySubject } from './every-subject.ts'
import { bare, played, type Bare } from './bare.ts'
import { histories, type History } from './histories.ts'
import { must } from './must.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { walk } from './walk.ts'

function refusalsChangeNothing(key: Bare, algorithm: Algorithm, now: number, cost: number): void {
  const text = key.text()
  const { allowed } = key.ask(now, cost)
  key.take(now, 0)
  must(key.text() === text, () => `L2: ${text} became ${key.text()} by asking for ${cost} or taking nothing`)
  const again = text === undefined ? text : algorithm.encode(algorithm.decode(text))
  must(again === text, () => `decode: ${text} was read as ${again}`)
  if (allowed) return
  // A refusal keeps a state that had to be moved or converted, and nothing else.
  const refused = key.copy()
  const adopted = key.copy()
  refused.take(now, cost)
  must(
    adopted.adopt(now) || adopted.text() === text,
    () => `adopt: ${text} became ${adopted.text()} in silence`,
  )
  must(refused.text() === adopted.text(), () => `L2: ${text} became ${refused.text()} by refusing ${cost}`)
}

function waitsAreExact(key: Bare, algorithm: Algorithm, now: number, cost: number): void {
  const { limit, maxLimit = limit } = algorithm
  const { allowed, retryAfterMs } = key.ask(now, cost)
  const told = (): string => `L3: ${cost} at ${now} was told to wait ${retryAfterMs} ms`
  if (allowed) return must(retryAfterMs === 0, told)
  if (cost > maxLimit) return must(retryAfterMs === Infinity, told)
  // What is above the limit fits when enough is carried over, if it ever is.
  if (cost > limit && retryAfterMs === Infinity) return
  must(retryAfterMs > 0 && retryAfterMs < Infinity, told)
  const refused = key.copy()
  refused.take(now, cost)
  must(refused.ask(now + retryAfterMs, cost).allowed, () => `${told()} and is denied then`)
  must(!refused.ask(now + retryAfterMs - 1, cost).allowed, () => `${told()} and is allowed sooner`)
}

function whatRemainsCanBeTaken(key: Bare, now: number): void {
  const { remaining, allowed } = key.ask(now, 0)
  const told = (): string => `L7: ${remaining} remain at ${now}`
  must(allowed && remaining >= 0 && key.ask(now, remaining).allowed, () => `${told()} and cannot be taken`)
  const more = remaining < Number.MAX_SAFE_INTEGER && key.ask(now, remaining + 1).allowed
  must(!more, () => `${told()} and more can be taken`)
}

function try237<P>(subject: Subject<P>, { variants, ...rest }: History<P>): void {
  const algorithm = subject.make(variants[0] as P)
  const key = bare(algorithm)
  let turn = rest.steps.length
  walk({ ...rest, variants: variants.slice(0, 1) }, [algorithm], ({ kind, now, cost, at }) => {
    // Far leaps are slow where the calendar has to be asked each time.
    if (subject.maxSteps === undefined || ++turn % 4 === 0) {
      refusalsChangeNothing(key, algorithm, now, cost)
      waitsAreExact(key, algorithm, now, cost)
      whatRemainsCanBeTaken(key, now)
    }
    return played(key, kind, now, cost, at)
  })
}

describe('refusals change nothing, waits are exact, what remains can be taken', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject), (history) => try237(subject, history), subject.examples)
    })
  })
})
