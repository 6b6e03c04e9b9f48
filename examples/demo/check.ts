import type { Seen } from './messages.ts'
import { fullOf, policyNames, type PolicyName } from './policies.ts'
import { usedAt } from './used.ts'

/** Holds every answer against what the policies promise, and tells what is wrong in sentences. */
export function faultsOf(seen: readonly Seen[], expected: readonly string[]): string[] {
  const faults: string[] = []
  for (const name of expected) {
    const own = seen.filter(({ client }) => client === name)
    const allowed = own.filter((answer) => answer.allowed)
    if (own.length < 5) faults.push(`${name} got only ${own.length} answers.`)
    for (const answer of own) {
      const wrong = [...answer.faults, ...decisionFaults(answer, allowed)]
      faults.push(...wrong.map((fault) => `${name} at ${seconds(answer.sentAt)}: ${fault}.`))
    }
  }
  // Without these the rest would be true of an app that nobody limits, or nobody asks.
  for (const policy of policyNames) {
    const refused = seen.some(({ refusedBy }) => refusedBy.includes(policy))
    if (!refused) faults.push(`Nobody was refused by ${policy}, so there was nothing to see of it.`)
  }
  if (!seen.some(({ waited }) => waited)) faults.push('No client waited for a Retry-After.')
  return faults
}

function decisionFaults(answer: Seen, charges: readonly Seen[]): string[] {
  if (answer.waited && !answer.allowed) return ['refused, although it had waited as long as it was told']
  return policyNames.flatMap((policy) => policyFaults(policy, answer, charges))
}

function policyFaults(policy: PolicyName, answer: Seen, charges: readonly Seen[]): string[] {
  const full = fullOf[policy]
  const { least, most } = usedAt(policy, charges, answer)
  const left = answer.remaining[policy]
  const cost = answer.allowed ? 1 : 0
  const faults: string[] = []
  if (answer.allowed && least + 1 > full) {
    faults.push(`allowed, although ${policy} had at least ${round(least)} of ${full} used`)
  }
  if (answer.refusedBy.includes(policy) && most + 1 <= full) {
    faults.push(`refused by ${policy}, of which at most ${round(most)} of ${full} was used`)
  }
  // What is told is in whole units, rounded down.
  if (left > full - least - cost || left + 1 <= full - most - cost) {
    const from = Math.max(0, Math.floor(full - most - cost))
    faults.push(`${left} left of ${policy}, which is not from ${from} to ${Math.floor(full - least - cost)}`)
  }
  return faults
}

const round = (units: number): number => Math.round(units * 100) / 100
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
