/** L1 by itself: what the memory store admits in any span of time, counted, against what the documentation promises. */

import { describe, it } from 'vitest'
import { everySubject } from './every-subject.ts'
import { bench, charge } from './charges.ts'
import { plainHistories, type History } from './histories.ts'
import { must } from './must.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { walk } from './walk.ts'

function withinBounds<P>(subject: Subject<P>, { variants, start, steps }: History<P>): void {
  const params = variants[0] as P
  const algorithm = subject.make(params)
  const table = bench()
  const slot = table.store.open('policy', algorithm)
  let over = 0
  const admitted: { at: number; units: bigint }[] = []
  walk({ variants: [params], start, steps }, [algorithm], (call) => {
    const before = charge(slot, 'key', { kind: 'ask', cost: 0, at: 0, upTo: 0 })
    const only = charge(slot, 'key', call)
    table.now = call.now
    // What was over may have been removed: by a clock that steps back behind that, nothing is known of it.
    if (call.now < over) admitted.length = 0
    table.store.take([before])
    if (before.resetMs === 0) over = call.now
    table.store.take([only])
    const charged = call.kind === 'take' && only.allowed ? only.cost : 0
    // For a key time never runs backwards: while the clock is behind a charge, that charge's time goes on.
    const at = Math.max(call.now, admitted.at(-1)?.at ?? 0)
    if (charged > 0) admitted.push({ at, units: BigInt(charged) })
    return { ...only, charged }
  })
  admitted.forEach((last, end) => {
    let units = 0n
    for (const first of admitted.slice(0, end + 1).toReversed()) {
      units += first.units
      const most = subject.bound(params, last.at - first.at)
      must(units <= most, () => `${units} in ${last.at - first.at} ms, promised ${most}`)
    }
  })
}

describe('never more than the bound', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(plainHistories(subject), (history) => withinBounds(subject, history))
    })
  })
})

describe('never more than the bound while the clock steps back a little', () => {
  everySubject((subject) => {
    // Slots expire by the clock, however it goes.
    if (subject.name === 'concurrency') return
    it(subject.name, () => {
      const steppingBack = plainHistories(subject, 'a little')
      holds(steppingBack, (history) => withinBounds(subject, history))
    })
  })
})
