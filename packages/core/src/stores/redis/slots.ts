import { refundOf } from '../../charges.ts'
import type { Charge, Ruling } from '../../store.ts'
import type { Decide } from './decide.ts'
import { slotOf } from './keys.ts'

/** Charges whose keys are in one slot of a Cluster, what each asked for, and what became of them. */
interface Group {
  readonly charges: Charge[]
  readonly costs: number[]
  ruling?: Ruling
}

/**
 * Decides charges in several slots of a Cluster: each group by itself, all at once. Where one group refuses, the others
 * give back what they charged before anybody is answered; until then others may be refused by it.
 */
export function decideBySlot(
  decide: Decide,
  keyOf: (charge: Charge) => string,
  deadline: () => number,
): Decide {
  return async (charges, endMs = deadline()) => {
    const groups = groupsOf(charges, keyOf)
    if (groups.length < 2) return decide(charges, endMs)
    const failures: unknown[] = []
    await Promise.all(
      groups.map(async (group) => {
        try {
          group.ruling = await decide(group.charges, endMs)
        } catch (error) {
          failures.push(error)
        }
      }),
    )
    const rulings = groups.flatMap(({ ruling }) => ruling ?? [])
    const allowed = failures.length === 0 && rulings.every((ruling) => ruling.allowed)
    if (!allowed) await until(endMs, Promise.all(groups.map((group) => giveBack(decide, group))))
    if (failures.length > 0) throw failures[0]
    // Each server has its own clock: what it charged is found by its own time.
    for (const { charges: made, ruling } of groups)
      for (const charge of made) if (charge.kind !== 'refund') charge.at = (ruling as Ruling).at
    return { allowed, at: Math.max(...rulings.map(({ at }) => at)), source: 'store' }
  }
}

function groupsOf(charges: readonly Charge[], keyOf: (charge: Charge) => string): readonly Group[] {
  const groups = new Map<number, Group>()
  for (const charge of charges) {
    const slot = slotOf(keyOf(charge))
    const group = groups.get(slot) ?? { charges: [], costs: [] }
    groups.set(slot, group)
    group.charges.push(charge)
    group.costs.push(charge.cost)
  }
  return [...groups.values()]
}

/** Undoes what a group charged, and answers as if it never had been. */
async function giveBack(decide: Decide, { charges, costs, ruling }: Group): Promise<void> {
  // What goes on with something held, or settles something, would be gone: rather twice until it is over than not at all.
  if (!ruling?.allowed || charges.some(({ kind }) => kind === 'refund')) return
  const made = charges.flatMap((charge, index) => {
    const { kind, allowed } = charge
    const isMade = kind === 'force' || ((kind === 'take' || kind === 'shadow') && allowed)
    const refund = refundOf({ ...charge, at: ruling.at, from: 'store' })
    return isMade ? [{ charge, refund, cost: costs[index] }] : []
  })
  try {
    await decide(made.map(({ refund }) => refund))
  } catch {
    // A server that is gone by now keeps what it charged until it is over.
    return
  }
  for (const { charge, refund, cost } of made) {
    const { remaining, resetMs, limit } = refund
    Object.assign(charge, { remaining, resetMs, limit, cost })
  }
}

/** Waits for what is being done, but no longer than a caller may wait; it goes on by itself. */
async function until(endMs: number, done: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, endMs - performance.now()))
  })
  await Promise.race([done, end])
  clearTimeout(timer)
}
