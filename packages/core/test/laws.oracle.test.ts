/** Every algorithm on the memory store answers as the oracle does, whatever happened before: L1 to L5, L7 and L9. */

import { describe, it } from 'vitest'
import { follow } from './follow.ts'
import { histories } from './histories.ts'
import { holds } from './runs.ts'
import * as subjects from './subjects.ts'
import type { Subject } from './subjects.ts'

function answersAsTheOracle<P>(subject: Subject<P>): void {
  it(subject.name, () => {
    holds(histories(subject.variants, subject.start), (history) => follow(subject, history))
  })
}

describe('answers as the oracle does', () => {
  answersAsTheOracle(subjects.fixed)
  answersAsTheOracle(subjects.sliding)
  answersAsTheOracle(subjects.strict)
  answersAsTheOracle(subjects.log)
  answersAsTheOracle(subjects.token)
  answersAsTheOracle(subjects.leaky)
  answersAsTheOracle(subjects.cells)
  answersAsTheOracle(subjects.calendar)
  answersAsTheOracle(subjects.slots)
})
