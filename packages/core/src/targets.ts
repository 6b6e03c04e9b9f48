import type { Algorithm } from './algorithm.ts'
import { refuse, shown } from './check.ts'

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
 * What a target or a cost says for each policy, as a function of the policy's name.
 * @throws TypeError for what is neither one value for all nor an object of the policies' names
 */
export function byPolicy<T extends string | number>(
  what: string,
  value: T | { readonly [name: string]: T | undefined },
  isKnown: (name: string) => boolean,
): (name: string) => T | undefined {
  if (typeof value !== 'object' && value !== undefined) return () => value
  if (!value) return refuse(what, 'one for all policies, or an object with one for each', value)
  const unknown = Object.keys(value).find((name) => !isKnown(name))
  if (unknown !== undefined) throw new TypeError(`${what}: no policy is named ${shown(unknown)}`)
  return (name) => (Object.hasOwn(value, name) ? value[name] : undefined)
}
