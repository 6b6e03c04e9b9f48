/** L8: the charges of a call are all made or none is, each answers for itself, and their order changes nothing. */

import { describe, it } from 'vitest'
import type { Charge, Slot } from '../src/store.ts'
import type { AnyPolicy } from './any-policy.ts'
import { callsOf, walkCalls, type Asking, type Calls, type Came } from './calls.ts'
import { bench, charge, charged } from './charges.ts'
import { must } from './must.ts'
import { shown, type Watch } from './oracle/worlds.ts'
import { holds } from './runs.ts'

/** A store with these policies open, and how to put a call before it. */
function opened(
  policies: readonly AnyPolicy[],
): (call: readonly Asking[]) => { charges: Charge[]; allowed: boolean } {
  const table = bench()
  const slots = policies.map(({ algorithm }, index) => table.store.open(`policy ${index}`, algorithm))
  return (call) => {
    table.now = call[0]?.now ?? table.now
    const charges = call.map((asking) => charge(slots[asking.policy] as Slot, asking.key, asking))
    return { charges, allowed: table.store.take(charges).allowed }
  }
}

const camesOf = (charges: readonly Charge[], allowed: boolean): Came[] =>
  charges.map((one) => ({ ...one, charged: charged(one, allowed) }))

const tell = (call: readonly Asking[], charges: readonly Charge[]): string =>
  call
    .map(
      ({ policy, key, kind, now }, index) =>
        `at ${now} ${kind} of ${key} by ${policy}: ${shown(charges[index] as Charge)}`,
    )
    .join('\n')

function allOrNone(calls: Calls): void {
  const take = opened(calls.policies)
  const followed = new Map<string, Watch<void>>()
  const told: string[] = []
  walkCalls(calls, (call) => {
    const { charges, allowed } = take(call)
    told.push(tell(call, charges))
    const vetoed = charges.some((one) => !one.allowed && (one.kind === 'take' || one.kind === 'ask'))
    must(allowed === !vetoed, () => `${told.join('\n')}\nruled ${allowed}`)
    for (const key of followed.values()) key.passed(call[0]?.now ?? 0)
    call.forEach((asking, index) => {
      const id = `${asking.policy} ${asking.key}`
      const key = followed.get(id) ?? (calls.policies[asking.policy] as AnyPolicy).follow()
      followed.set(id, key)
      const wrong = key.check(undefined, asking.now, asking, allowed, charges[index])
      must(wrong === undefined, () => `${told.join('\n')}\n${wrong}`)
    })
    return camesOf(charges, allowed)
  })
}

function anyOrder(calls: Calls): void {
  const take = opened(calls.policies)
  const other = opened(calls.policies)
  walkCalls(calls, (call) => {
    const { charges, allowed } = take(call)
    const turned = other(call.toReversed())
    turned.charges.reverse()
    const [one, two] = [tell(call, charges), tell(call, turned.charges)]
    must(one === two && allowed === turned.allowed, () => `in order\n${one}\nin the other\n${two}`)
    return camesOf(charges, allowed)
  })
}

describe('several charges in a call', () => {
  it('are all made or none is, and each answers as the oracle does', () => {
    holds(callsOf('at will'), allOrNone)
  })
  // Whether an expired key has been removed depends on the order, and shows when the clock steps back.
  it('come to the same in any order', () => {
    holds(callsOf('never'), anyOrder)
  })
})
