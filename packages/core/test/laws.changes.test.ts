/** What holds where the parameters of a policy change while its keys live on. */

import { describe, it } from 'vitest'
import type { Algorithm } from '../src/algorithm.ts'
import { everySubject } from './every-subject.ts'
import { bare, played } from './bare.ts'
import { histories, type History } from './histories.ts'
import { must } from './must.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { walk } from './walk.ts'

/** L3: whoever waits as told by the new parameters gets in, and no sooner. */
function exactAfterChanges<P>(subject: Subject<P>, history: History<P>): void {
  const algorithms = history.variants.map((params) => subject.make(params))
  let text: string | undefined
  walk(history, algorithms, ({ variant, kind, now, cost, at }) => {
    const key = bare(algorithms[variant] as Algorithm, text)
    const refused = key.copy()
    const { allowed, retryAfterMs } = refused.take(now, cost)
    if (!allowed && retryAfterMs < Infinity) {
      const told = (): string =>
        `${JSON.stringify(history.variants[variant])}: ${cost} told to wait ${retryAfterMs} ms`
      must(refused.ask(now + retryAfterMs, cost).allowed, () => `${told()} and denied again`)
      must(!refused.ask(now + retryAfterMs - 1, cost).allowed, () => `${told()} and allowed sooner`)
    }
    const answer = played(key, kind, now, cost, at)
    text = key.text()
    return answer
  })
}

/** Two processes with different parameters that refuse in turn do not keep a key from coming free. */
function refusalsPostponeNothing<P>(subject: Subject<P>, history: History<P>): void {
  const algorithms = history.variants.map((params) => subject.make(params))
  if (algorithms.some(({ limit }) => limit === 0)) return
  let text: string | undefined
  let now = history.start
  walk(history, algorithms, ({ variant, kind, cost, at, ...call }) => {
    const key = bare(algorithms[variant] as Algorithm, text)
    now = call.now
    const answer = played(key, kind === 'force' ? 'take' : kind, now, cost, at)
    text = key.text()
    return answer
  })
  const shortest = Math.min(...algorithms.map(({ windowMs }) => windowMs))
  const longest = Math.max(...algorithms.map(({ windowMs }) => windowMs))
  const gap = Math.max(1, Math.floor(shortest / 2), Math.floor(longest / 100))
  const end = now + 5 * longest + 60_000
  for (let turn = 0, t = now; t <= end; t += gap, turn++) {
    const key = bare(algorithms[turn % algorithms.length] as Algorithm, text)
    if (key.take(t, 1).allowed) return
    text = key.text()
  }
  must(
    false,
    () => `${JSON.stringify(history.variants)}: refused in turn every ${gap} ms, never free again: ${text}`,
  )
}

describe.each([
  ['waits are exact after a change of parameters', exactAfterChanges],
  ['being refused under changing parameters postpones nothing', refusalsPostponeNothing],
])('%s', (_, law) => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject), (history) => law(subject, history), subject.examples)
    })
  })
})
