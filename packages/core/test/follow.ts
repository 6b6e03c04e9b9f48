/** Plays a history on the memory store, and compares every answer with the oracle's. */

import type { Answer } from '../src/algorithm.ts'
import type { Slot } from '../src/store.ts'
import { bench, charge, charged } from './charges.ts'
import type { History } from './histories.ts'
import { shown } from './oracle/worlds.ts'
import type { Subject } from './subjects.ts'
import { walk, type Call } from './walk.ts'

/** @throws Error that tells the whole history up to the first wrong answer */
export function follow<P>(subject: Subject<P>, history: History<P>): void {
  const { variants, start } = history
  const table = bench()
  const algorithms = variants.map((params) => subject.make(params))
  const slots = algorithms.map((algorithm) => table.store.open('policy', algorithm))
  const oracle = subject.watch()
  const told: [Call, Answer & { cost: number }][] = []
  walk(history, algorithms, (call) => {
    const params = variants[call.variant] as P
    const only = charge(slots[call.variant] as Slot, 'key', call)
    table.now = call.now
    const ruling = table.store.take([only])
    told.push([call, only])
    // By itself a charge is refused only if it may refuse.
    const agreed = only.allowed || (call.kind !== 'take' && call.kind !== 'ask')
    const wrong =
      ruling.allowed === agreed && ruling.at === call.now
        ? oracle.check(params, call.now, call, agreed, only)
        : `ruling ${ruling.allowed} at ${ruling.at}`
    if (wrong !== undefined) throw new Error(`${tale(variants, start, told)}\n${wrong}`)
    return { ...only, charged: charged(only, ruling.allowed) }
  })
}

function tale(
  variants: readonly unknown[],
  start: number,
  told: readonly [Call, Answer & { cost: number }][],
): string {
  const lines = told.map(([call, answer]) => {
    const { now, kind, cost, at, upTo, variant } = call
    const asked = `${kind} ${cost}${upTo > 0 ? ` up to ${upTo}` : ''}${at > 0 ? ` of ${at - start}` : ''}`
    return `  at ${now - start}: ${asked} by ${JSON.stringify(variants[variant])}: ${shown(answer)}`
  })
  return [`from ${start}`, ...lines].join('\n')
}
