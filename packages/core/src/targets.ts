import type { Algorithm } from './algorithm.ts'
import { refuse, wholeNumber } from './check.ts'
import type { PolicySet } from './policy-set.ts'

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

/** A target or a cost: one value for all policies, or one for each. */
type Parts<T> = T | { readonly [name: string]: T | undefined } | undefined

/**
 * Refuses what is neither one value for all policies nor an object of their names.
 * @throws TypeError
 */
export function checkNames(
  what: string,
  value: Parts<string | number>,
  policies: Pick<PolicySet, 'named'>,
): void {
  if (typeof value !== 'object' && value !== undefined) return
  // Of a promise, say, nothing would apply and all be let in.
  if ({}.toString.call(value) !== '[object Object]') refuse(what, 'one for all policies or by name', value)
  for (const name of Object.keys(value as object)) policies.named(name, `a policy in ${what}`)
}

/**
 * Refuses what is no cost, whichever policies it is for.
 * @throws TypeError, RangeError
 */
export function checkCost(what: string, value: Cost<string>, policies: Pick<PolicySet, 'named'>): void {
  checkNames(what, value, policies)
  for (const part of typeof value === 'object' ? Object.values(value) : [value]) {
    if (part !== undefined) wholeNumber(what, part)
  }
}

/** What a target or a cost says for a policy. */
export function partOf<T extends string | number>(value: Parts<T>, name: string): T | undefined {
  if (typeof value !== 'object') return value
  return Object.hasOwn(value, name) ? value[name] : undefined
}

/**
 * One key of one policy can be charged only once in a call: both charges would be looked at side by side.
 * @throws TypeError
 */
export function refuseTwins(charges: readonly PolicyCharge[]): void {
  if (new Set(charges.map(({ policy, key }) => `${policy}\n${key}`)).size < charges.length)
    throw new TypeError('a policy is charged twice for one key')
}
