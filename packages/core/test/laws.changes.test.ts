/** L3 where the parameters have just changed: whoever waits as told by the new ones gets in, and no sooner. */

import { describe, it } from 'vitest'
import { bare, played } from './bare.ts'
import { histories, type History } from './histories.ts'
import { holds } from './runs.ts'
import { everySubject, type Subject } from './subjects.ts'
import { walk } from './walk.ts'

function exactAfterChanges<P>(subject: Subject<P>, history: History<P>): void {
  const algorithms = history.variants.map((params) => subject.make(params))
  let text: string | undefined
  walk(history, algorithms, ({ variant, kind, now, cost, at }) => {
    const key = bare(algorithms[variant]!, text)
    const { allowed, retryAfterMs } = key.ask(now, cost)
    if (!allowed && retryAfterMs < Infinity) {
      const then = key.copy().ask(now + retryAfterMs, cost).allowed
      const sooner = key.copy().ask(now + retryAfterMs - 1, cost).allowed
      const params = JSON.stringify(history.variants[variant])
      if (!then) throw new Error(`${params}: told to wait ${retryAfterMs} ms for ${cost}, and denied again`)
      if (sooner)
        throw new Error(`${params}: told to wait ${retryAfterMs} ms for ${cost}, and allowed sooner`)
    }
    const answer = played(key, kind, now, cost, at)
    text = key.text()
    return answer
  })
}

describe('waits are exact after a change of parameters', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject), (history) => exactAfterChanges(subject, history))
    })
  })
})
