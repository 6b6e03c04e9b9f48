import { after, type MaybePromise } from '../maybe-promise.ts'
import type { PolicyCharge } from '../targets.ts'
import { allOf } from './all-of.ts'
import type { RequestView } from './framework.ts'
import { readKey } from './key-option.ts'
import type { RequestPolicy } from './request-policies.ts'

/** What a request is charged, by the policies that apply to it: at once unless an option function is asynchronous. */
export function requestCharges<Args extends readonly unknown[]>(
  policies: readonly RequestPolicy<Args>[],
  view: RequestView<Args>,
  args: Args,
): MaybePromise<readonly PolicyCharge[]> {
  return after(
    allOf(policies, (policy) => requestCharge(policy, view, args)),
    (charges) => charges.filter((charge) => charge !== undefined),
  )
}

function requestCharge<Args extends readonly unknown[]>(
  { name: policy, when, key, cost, algorithm }: RequestPolicy<Args>,
  view: RequestView<Args>,
  args: Args,
): MaybePromise<PolicyCharge | undefined> {
  const units = (found: string): MaybePromise<PolicyCharge> =>
    after(typeof cost === 'function' ? cost(...args) : cost, (asked) => {
      if (algorithm === undefined) return { policy, key: found, cost: asked }
      return after(algorithm(...args), (chosen) => ({ policy, key: found, cost: asked, algorithm: chosen }))
    })
  const keyed = (): MaybePromise<PolicyCharge | undefined> =>
    after(readKey(key, view, args), (found) => (found === undefined ? undefined : units(found)))
  if (when === undefined) return keyed()
  return after(when(...args), (applies) => (applies ? keyed() : undefined))
}
