import { chargeOf, type PolicyCall } from './charges.ts'
import { knownOptions, refuse, wholeNumber } from './check.ts'
import type { PolicySet } from './policy-set.ts'
import {
  checkNames,
  type Cost,
  type CostOptions,
  partOf,
  type PolicyCharge,
  refuseTwins,
  type Target,
} from './targets.ts'

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
   * What a target says for `wait`, which also takes a list that spells it out.
   * @throws TypeError
   */
  waitingChargesOf(
    target: Target<string> | readonly PolicyCharge[],
    options: CostOptions<string>,
    known: readonly string[],
  ): readonly PolicyCharge[]
  /**
   * What a target says of the only policy that has balances.
   * @throws TypeError where there is none, or more than one
   */
  balanceOf(target: Target<string>): PolicyCall
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

  function chargesOf(
    target: Target<string>,
    options?: CostOptions<string>,
    known?: readonly string[],
  ): PolicyCharge[] {
    const cost = costIn(options, known)
    checkNames('key', target, policies)
    const charges: PolicyCharge[] = []
    for (const { info } of policies.list) {
      const key = partOf(target, info.name)
      if (key !== undefined) charges.push({ policy: info.name, key, cost: partOf(cost, info.name) })
    }
    return charges
  }

  const hasBalances = ({ policy }: PolicyCharge): unknown => policies.get(policy)?.slot?.algorithm.grant

  return {
    costIn,
    chargesOf,
    waitingChargesOf(target, options, known) {
      if (!Array.isArray(target)) return chargesOf(target as Target<string>, options, known)
      const charges = target as readonly PolicyCharge[]
      // Each has a cost of its own.
      knownOptions(
        'wait',
        options,
        known.filter((name) => name !== 'cost'),
      )
      refuseTwins(charges)
      return charges
    },
    balanceOf(target) {
      const [only, other] = chargesOf(target).filter(hasBalances)
      if (!only || other) throw new TypeError('grant() needs one policy of prepaid()')
      return callOf(only, true)
    },
    callsOf: (charges, ask) => charges.map((charge) => callOf(charge, ask)),
  }
}
