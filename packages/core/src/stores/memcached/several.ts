import type { Algorithm } from '../../algorithm.ts'
import { StoreError } from '../../store-error.ts'
import type { Charge, Ruling } from '../../store.ts'
import { judge, type Kept, lookAll, settleAll, takes, tell, vetoes } from '../judge.ts'
import type { Caller, Operation, Swap } from './cells.ts'
import type { Found } from './port.ts'

/** The charges of a call that are of one key. */
export interface Part {
  readonly key: string
  readonly charges: readonly Charge[]
  /** What each charge asks for: a charge itself says what it was granted. */
  readonly costs: readonly number[]
}

/** A part as it was looked at: on a state of its own. */
interface Look {
  readonly states: readonly object[]
  readonly kept: Kept
  readonly found: Found | undefined
}

/** What one key allows, on the state as it is at the time of the swap. */
export function decidePart({ charges, costs }: Part, kept: Kept, nowMs: number): Ruling {
  charges.forEach((charge, index) => (charge.cost = costs[index] as number))
  return judge(charges, kept, nowMs)
}

/**
 * Decides a call with charges of several keys, which no server can do at one instant. All are looked at; if none
 * vetoes they are made, key by key and by all processes in the same order, so that of two calls that meet one goes
 * on. A key that was changed in the meantime is looked at again; if it now refuses, what the others were charged
 * is given back, by receipt, before the call is answered.
 */
export async function decideSeveral(
  parts: readonly Part[],
  caller: Caller,
  swap: Swap,
  now: () => number,
): Promise<Ruling> {
  // Of all charges, since it is their receipt.
  const at = now()
  const ruling = (allowed: boolean): Ruling => ({ allowed, at, source: 'store' })
  const all = parts.flatMap(({ charges }) => charges)

  const run = <T>(part: Part, by: Caller, apply: Operation<T>['apply'], known?: Found): Promise<T> =>
    swap(part.key, { caller: by, algorithm: algorithmOf(part), known, apply })

  const look = (part: Part): Promise<Look> =>
    run(part, caller, ({ state }, _, found) => {
      const { encode, decode } = algorithmOf(part)
      const kept = { state: state && decode(encode(state)), isChanged: false }
      return { states: lookAll(part.charges, kept, at), kept, found }
    })

  const make = async (part: Part, known?: Found): Promise<boolean> =>
    (await run(part, caller, (kept) => decidePart(part, kept, at), known)).allowed

  // It is done even if the caller waits no longer.
  const undo = (part: Part): Promise<void> =>
    run(part, { isOver: false, beatenAt: 0 }, (kept, nowMs) => giveBack(part, at, kept, nowMs))

  /** Does what is done to a part of a call that is refused: refunds, and the change to other parameters. */
  async function refuse(part: Part, { states, kept }: Look): Promise<void> {
    settleAll(part.charges, states, kept, at, false)
    // Its answers stay those of the look.
    const copies = part.charges.map((charge) => ({ ...charge }))
    if (kept.isChanged) await run(part, caller, (later) => void lookAll(copies, later, at))
  }

  // Nothing can be refused, so that nothing has to be looked at before.
  if (!all.some(({ kind }) => kind === 'take' || kind === 'ask')) {
    await Promise.all(parts.map((part) => make(part)))
    return ruling(true)
  }

  const looks = await Promise.all(parts.map(look))
  if (all.some(vetoes)) {
    await Promise.all(parts.map((part, index) => refuse(part, looks[index] as Look)))
    return ruling(false)
  }

  let made = 0
  try {
    for (const part of parts) {
      if (!(await make(part, looks[made]?.found))) break
      made++
    }
    if (caller.isOver) throw new StoreError('timeout', 'Memcached did not answer in time')
  } catch (error) {
    await Promise.allSettled(parts.slice(0, made).map(undo))
    throw error
  }
  if (made === parts.length) return ruling(true)
  await Promise.all([
    ...parts.slice(0, made).map(undo),
    ...parts.slice(made + 1).map((part, index) => refuse(part, looks[made + 1 + index] as Look)),
  ])
  return ruling(false)
}

const algorithmOf = ({ charges }: Part): Algorithm => (charges[0] as Charge).slot.algorithm

/** Gives back what a part was charged at `at`, as far as it still weighs, and tells how things are then. */
function giveBack({ charges, costs }: Part, at: number, kept: Kept, nowMs: number): void {
  for (const charge of charges) {
    const isMade = takes(charge) && (charge.allowed || charge.kind === 'force')
    if (!isMade || kept.state === undefined) continue
    charge.slot.algorithm.refund(kept.state, nowMs, charge.cost, at)
    kept.isChanged = true
  }
  charges.forEach((charge, index) => {
    const { algorithm } = charge.slot
    const state = kept.state ? { ...kept.state } : algorithm.fresh(nowMs)
    algorithm.adopt(state, nowMs)
    if (charge.allowed) tell(charge, state, nowMs)
    charge.cost = costs[index] as number
  })
}
