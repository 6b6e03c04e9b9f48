/** L8 for one key: a refund that comes before a charge in the same call is made before it. */

import { describe, it } from 'vitest'
import type { Slot } from '../src/store.ts'
import { everySubject } from './every-subject.ts'
import { bench, charge, charged } from './charges.ts'
import { histories, type History } from './histories.ts'
import { must } from './must.ts'
import { shown } from './oracle/worlds.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { walk } from './walk.ts'

const one = { kind: 'take', cost: 1, at: 0, upTo: 0 } as const

/** Plays the same on two stores: on one each refund comes with a take of 1, on the other that take comes after it. */
function refundFirst<P>(subject: Subject<P>, history: History<P>): void {
  const algorithms = history.variants.map((params) => subject.make(params))
  const [together, apart] = [bench(), bench()]
  const slotsOf = ({ store }: typeof together): Slot[] =>
    algorithms.map((algorithm) => store.open('policy', algorithm))
  const [slots, others] = [slotsOf(together), slotsOf(apart)]
  walk(history, algorithms, (call) => {
    together.now = apart.now = call.now
    const [slot, other] = [slots[call.variant] as Slot, others[call.variant] as Slot]
    const first = charge(slot, 'key', call)
    const second = charge(other, 'key', call)
    const next = charge(slot, 'key', one)
    const last = charge(other, 'key', one)
    const pair = call.kind === 'refund'
    const { allowed } = together.store.take(pair ? [first, next] : [first])
    apart.store.take([second])
    if (pair) apart.store.take([last])
    const [got, expected] = pair ? [next, last] : [first, second]
    const told = (): string =>
      `${call.kind} ${call.cost} at ${call.now}: ${shown(got)}, expected ${shown(expected)}`
    must(shown(got) === shown(expected), told)
    return { ...got, charged: charged(got, allowed) }
  })
}

describe('a refund and a take of the same key in a call', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      // Whether an expired key has been removed depends on the number of calls, and shows when the clock steps back.
      holds(histories(subject, 'never'), (history) => refundFirst(subject, history))
    })
  })
})
