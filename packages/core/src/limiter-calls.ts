import { chargeOf, type PolicyCall } from './charges.ts'
import { knownOptions, refuse, wholeNumber } from './check.ts'
import type { PolicySet } from './policy-set.ts'
import { checkNames, type Cost, type CostOptions, partOf, type PolicyCharge, type Target } from './targets.ts'

/** Makes charges of what callers say. */
export interface LimiterCalls {
  /**
   * The cost that options say, once they are checked. `known` are the options that there are; default: only the cost.
   * @throws TypeError
   */
  costIn(options: CostOptions<string> | undefined, known?: readonly string[]): Cost<string> | undefined
  /**
   * What a target and a cost say, policy by policy.
   * @throws TypeError
   */
  chargesOf(target: Target<string>, options?: CostOptions<string>, known?: readonly string[]): PolicyCharge[]
  /**
   * The calls of the store; `ask`: which charge nothing.
   * @throws TypeError, RangeError for a policy, key, cost or algorithm that is none
   */
  callsOf(charges: readonly PolicyCharge[], ask: boolean): PolicyCall[]
}

const ONLY_COST: readonly string[] = ['cost']

/** The calls of a limiter with these policies. */
export function limiterCalls(policies: PolicySet): LimiterCalls {
  function costIn(
    options: CostOptions<string> | undefined,
    known: readonly string[] = ONLY_COST,
  ): Cost<string> | undefined {
    if (options !== undefined) knownOptions('a call', options, known)
    if (options?.cost !== undefined) checkNames('cost', options.cost, policies)
    return options?.cost
  }

  function callOf({ policy, key, cost = 1, algorithm }: PolicyCharge, ask: boolean): PolicyCall {
    const { info, slotFor } = policies.named(policy, 'policy')
    if (typeof key !== 'string' || key === '') refuse(`the key of '${policy}'`, 'non-empty text', key)
    wholeNumber('cost', cost)
    const kind = ask ? 'ask' : info.mode === 'shadow' ? 'shadow' : 'take'
    return chargeOf(kind, { slot: slotFor(algorithm), key, cost }, info.mode)
  }

  return {
    costIn,
    chargesOf(target, options, known) {
      const cost = costIn(options, known)
      checkNames('key', target, policies)
      const charges: PolicyCharge[] = []
      for (const { info } of policies.list) {
        const key = partOf(target, info.name)
        if (key !== undefined) charges.push({ policy: info.name, key, cost: partOf(cost, info.name) })
      }
      return charges
    },
    callsOf: (charges, ask) => charges.map((charge) => callOf(charge, ask)),
  }
}
