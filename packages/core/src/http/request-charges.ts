import { after, type MaybePromise } from '../maybe-promise.ts'
import type { PolicyCharge } from '../targets.ts'
import { allOf } from './all-of.ts'
import type { RequestView } from './framework.ts'
import { readKey } from './key-option.ts'
import type { RequestPolicy } from './request-policies.ts'

/** By policy, in order: the key that a request is charged by; `undefined` where the policy does not apply. */
export type RequestKeys = readonly (string | undefined)[]

/** The keys that a request is charged by: at once unless `when` or `key` of a policy is asynchronous. */
export function requestKeys<Args extends readonly unknown[]>(
  policies: readonly RequestPolicy<Args>[],
  view: RequestView<Args>,
  args: Args,
): MaybePromise<RequestKeys> {
  return allOf(policies, (policy) => requestKey(policy, view, args))
}

/**
 * What a request is charged, by the policies that apply to it: at once unless an option function is asynchronous. `known`
 * are its keys where somebody has read them already.
 */
export function requestCharges<Args extends readonly unknown[]>(
  policies: readonly RequestPolicy<Args>[],
  view: RequestView<Args>,
  args: Args,
  known?: RequestKeys,
): MaybePromise<readonly PolicyCharge[]> {
  return after(
    allOf(policies, (policy, index) =>
      known
        ? chargeOf(policy, known[index], args)
        : after(requestKey(policy, view, args), (key) => chargeOf(policy, key, args)),
    ),
    (charges) => charges.filter((charge) => charge !== undefined),
  )
}

function requestKey<Args extends readonly unknown[]>(
  { when, key }: RequestPolicy<Args>,
  view: RequestView<Args>,
  args: Args,
): MaybePromise<string | undefined> {
  if (when === undefined) return readKey(key, view, args)
  return after(when(...args), (applies) => (applies ? readKey(key, view, args) : undefined))
}

function chargeOf<Args extends readonly unknown[]>(
  { name: policy, cost, algorithm }: RequestPolicy<Args>,
  key: string | undefined,
  args: Args,
): MaybePromise<PolicyCharge | undefined> {
  if (key === undefined) return undefined
  return after(typeof cost === 'function' ? cost(...args) : cost, (asked) => {
    if (algorithm === undefined) return { policy, key, cost: asked }
    return after(algorithm(...args), (chosen) => ({ policy, key, cost: asked, algorithm: chosen }))
  })
}
