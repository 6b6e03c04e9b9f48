/** L9 by itself: a refunded charge leaves a key no better than if it had never been made. */

import { describe, it } from 'vitest'
import { everySubject } from './every-subject.ts'
import { bare } from './bare.ts'
import { plainHistories, type History } from './histories.ts'
import { must } from './must.ts'
import { holds } from './runs.ts'
import type { Subject } from './subjects.ts'
import { walk } from './walk.ts'

/** Plays a history of takes, then refunds one of them; beside it the same charges were made without that one. */
function neverMoreThanItWeighs<P>(subject: Subject<P>, { variants, start, steps }: History<P>): void {
  const params = variants[0] as P
  const algorithm = subject.make(params)
  const key = bare(algorithm)
  const admitted: { at: number; cost: number }[] = []
  let end = start
  walk({ variants: [params], start, steps }, [algorithm], ({ now, kind, cost }) => {
    end = now
    const answer = kind === 'take' ? key.take(now, cost) : key.ask(now, cost)
    const charged = kind === 'take' && answer.allowed ? cost : 0
    if (charged > 0) admitted.push({ at: now, cost })
    return { ...answer, charged }
  })
  const undone = admitted.at(-1 - ((steps[0]?.receipt ?? 0) % Math.max(1, admitted.length)))
  if (!undone) return
  const without = bare(algorithm)
  for (const one of admitted) if (one !== undone) without.force(one.at, one.cost)
  const before = key.ask(end, 0).remaining
  key.refund(end, undone.cost, undone.at)
  const after = key.ask(end, 0).remaining
  const never = without.ask(end, 0).remaining
  const told = `${undone.cost} of ${undone.at} undone at ${end}: ${before} remained, then ${after}; without it ${never}`
  must(after >= before && after <= Math.max(before, never), () => told)
}

/** At once, nothing of a charge has faded: all of it comes back. */
function allOfItAtOnce<P>(subject: Subject<P>, { variants, start, steps }: History<P>): void {
  const params = variants[0] as P
  const algorithm = subject.make(params)
  const key = bare(algorithm)
  walk({ variants: [params], start, steps }, [algorithm], ({ now, kind, cost }) => {
    const { remaining } = key.ask(now, 0)
    const answer = key.take(now, cost)
    if (!answer.allowed || cost === 0 || kind === 'take') return { ...answer, charged: 0 }
    const undone = key.copy()
    undone.refund(now, cost, now)
    const after = undone.ask(now, 0).remaining
    must(
      after === remaining,
      () => `${remaining} remained at ${now}, ${after} when ${cost} were undone at once`,
    )
    return { ...answer, charged: 0 }
  })
}

describe('a refund gives back no more than the charge still weighs', () => {
  everySubject((subject) => {
    it(subject.name, () => {
      holds(plainHistories(subject), (history) => {
        neverMoreThanItWeighs(subject, history)
        allOfItAtOnce(subject, history)
      })
    })
  })
})
