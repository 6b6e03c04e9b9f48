import { type BoundPolicy, bindPolicy, type PolicyReset, type UnboundPolicy } from './bound-policies.ts'
import { oneOf, refuse } from './check.ts'
import type { Store } from './store.ts'

/** The policies of one limiter: bound to its store, and replaced as a whole. */
export interface PolicySet {
  /** In configured order. */
  list: readonly BoundPolicy[]
  get(name: string): BoundPolicy | undefined
  /** Also one that was replaced by policies of other names: where its decisions were charged. */
  everHad(name: string): BoundPolicy | undefined
  /**
   * The policy of a name that a caller gave as `what`.
   * @throws TypeError when there is none
   */
  named(name: string, what: string): BoundPolicy
  /** Replaces all or, when it throws, none. */
  replace(unbound: readonly UnboundPolicy[]): void
  /** Leaves the names to other limiters, and tells whether it had any. */
  release(): boolean
}

/** So many policies that are gone are remembered; an app that makes up names must not fill memory. */
const KEPT = 100

/** The sets that are in use on a store. */
const inUse = new WeakMap<Store, Set<PolicySet>>()

/**
 * The set of a limiter's policies, empty at first, bound to `store`. Unless it is `shared`, no other limiter on the store
 * that users know it by may have policies of the same names: they would count into each other's state by accident.
 */
export function policySet(
  store: Store,
  known: Store,
  shared: boolean,
  onReset: ((event: PolicyReset) => void) | undefined,
): PolicySet {
  let byName: ReadonlyMap<string, BoundPolicy> = new Map()
  const sets = inUse.get(known) ?? new Set()
  inUse.set(known, sets)

  /** Policies that updates took away. */
  let former = byName

  const set: PolicySet = {
    list: [],
    get: (name) => byName.get(name),
    everHad: (name) => byName.get(name) ?? former.get(name),
    named: (name, what) => byName.get(name) ?? oneOf<never>(what, name, [...byName.keys()] as never[]),
    replace(unbound) {
      for (const { name } of unbound) {
        if (!shared && [...sets].some((other) => other !== set && other.get(name)))
          refuse(
            "a policy's name",
            'free on this store (make the limiter once, rename it, or say { shared: true })',
            name,
          )
      }
      set.list = unbound.map((policy) => bindPolicy(store, policy, byName.get(policy.name), onReset))
      former = new Map([...former, ...byName].slice(-KEPT))
      byName = new Map(set.list.map((policy) => [policy.info.name, policy]))
      sets.add(set)
    },
    release: () => sets.delete(set),
  }
  return set
}
