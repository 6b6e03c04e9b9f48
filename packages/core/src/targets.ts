import type { Algorithm } from './algorithm.ts'
import { shown, wholeNumber } from './check.ts'

/** The key to charge: one for every policy, or one for each; a policy without a key does not apply. */
export type Target<Name extends string> = string | { readonly [N in Name]?: string | undefined }

/** Whole units from 0: one cost for every policy, or one for each; default 1. */
export type Cost<Name extends string> = number | { readonly [N in Name]?: number | undefined }

export interface CostOptions<Name extends string> {
  /** What to charge, in units. Default 1. A cost of 0 asks and changes nothing. */
  cost?: Cost<Name> | undefined
}

/** One policy's part of a decision. */
export interface PolicyCharge<Name extends string = string> {
  policy: Name
  /** The partition key: not empty. */
  key: string
  /** Whole units from 0. Default 1. */
  cost?: number | undefined
  /** Another algorithm than the policy's own, for this call: a plan, say. */
  algorithm?: Algorithm | undefined
}

/**
 * The key, if it is one.
 * @throws TypeError
 */
export function checkedKey(policy: string, key: unknown): string {
  if (typeof key === 'string' && key !== '') return key
  throw new TypeError(`the key for policy '${policy}' must be text that is not empty, got ${shown(key)}`)
}

/**
 * The cost, if it is one. A cost that is not is told apart before any message is built: this is on every path.
 * @throws TypeError, RangeError
 */
export function checkedUnits(cost: unknown): number {
  return Number.isSafeInteger(cost) && (cost as number) >= 0 ? (cost as number) : wholeNumber('cost', cost)
}

/**
 * What a target and a cost mean for each policy.
 * @throws TypeError, RangeError for keys and costs that are none, and for names of no policy
 */
export function policyCharges(
  names: readonly string[],
  target: Target<string>,
  cost: Cost<string> = 1,
): PolicyCharge[] {
  if (typeof target !== 'string') checkNames('keys', target, names)
  if (typeof cost === 'object') checkNames('cost', cost, names)
  const charges: PolicyCharge[] = []
  for (const name of names) {
    const key = typeof target === 'string' ? target : target[name]
    if (key === undefined) continue
    const units = typeof cost === 'object' && cost !== null ? (cost[name] ?? 1) : cost
    charges.push({ policy: name, key: checkedKey(name, key), cost: checkedUnits(units) })
  }
  return charges
}

function checkNames(what: string, record: object | null, names: readonly string[]): void {
  if (typeof record !== 'object' || record === null) {
    throw new TypeError(`a key must be text, or an object with one key for each policy, got ${shown(record)}`)
  }
  for (const name of Object.keys(record)) {
    if (names.includes(name)) continue
    throw new TypeError(
      `${what}: no policy is named ${shown(name)}, there are ${names.map(shown).join(', ')}`,
    )
  }
}
