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
export function decideBySlot(decide: Decide, keyOf: (charge: Charge) => string): Decide {
  return async (charges) => {
    const groups = groupsOf(charges, keyOf)
    if (groups.length < 2) return decide(charges)
    const failures: unknown[] = []
    await Promise.all(
      groups.map(async (group) => {
        try {
          group.ruling = await decide(group.charges)
        } catch (error) {
          failures.push(error)
        }
      }),
    )
    const rulings = groups.flatMap(({ ruling }) => ruling ?? [])
    const allowed = failures.length === 0 && rulings.every((ruling) => ruling.allowed)
    if (!allowed) await Promise.all(groups.map((group) => giveBack(decide, group)))
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
  if (!ruling?.allowed) return
  const made = charges.filter(
    ({ kind, allowed }) => kind === 'force' || ((kind === 'take' || kind === 'shadow') && allowed),
  )
  const refunds = made.map((charge) => refundOf({ ...charge, from: 'store' }, ruling.at))
  // A server that is gone by now keeps what it charged until it is over.
  await decide(refunds).catch(() => undefined)
  made.forEach((charge, index) => {
    const { remaining, resetMs } = refunds[index] as Charge
    Object.assign(charge, { remaining, resetMs, cost: costs[charges.indexOf(charge)] })
  })
}
