/** Every algorithm on the memory store answers as the oracle does, whatever happened before: L1 to L5, L7 and L9. */

import { describe, it } from 'vitest'
import { everySubject } from './every-subject.ts'
import { follow } from './follow.ts'
import { histories } from './histories.ts'
import { holds } from './runs.ts'

describe('answers as the oracle does', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(histories(subject), (history) => follow(subject, history), subject.examples)
    })
  })
})
