import { type BoundPolicy, bindPolicy, type PolicyReset, type UnboundPolicy } from './bound-policies.ts'
import { oneOf } from './check.ts'
import { claimNames } from './claims.ts'
import type { Store } from './store.ts'

/** The policies of one limiter: bound to its store, and replaced as a whole. */
export interface PolicySet {
  /** In configured order. */
  list: readonly BoundPolicy[]
  get(name: string): BoundPolicy | undefined
  /**
   * The policy of a name that a caller gave as `what`.
   * @throws TypeError when there is none
   */
  named(name: string, what: string): BoundPolicy
  /** Replaces all or, when it throws, none. */
  replace(unbound: readonly UnboundPolicy[]): void
  /** Leaves the names to other limiters. */
  release(): void
}

/** The set of a limiter's policies, empty at first. */
export function policySet(
  store: Store,
  shared: boolean,
  onReset: ((event: PolicyReset) => void) | undefined,
): PolicySet {
  let byName: ReadonlyMap<string, BoundPolicy> = new Map()

  const claim = (names: readonly string[]): (() => void) =>
    claimNames(store, [...byName.keys()], names, shared)

  const set: PolicySet = {
    list: [],
    get: (name) => byName.get(name),
    named: (name, what) => byName.get(oneOf(what, name, [...byName.keys()])) as BoundPolicy,
    replace(unbound) {
      const commit = claim(unbound.map(({ name }) => name))
      set.list = unbound.map((policy) => bindPolicy(store, policy, byName.get(policy.name), onReset))
      commit()
      byName = new Map(set.list.map((policy) => [policy.info.name, policy]))
    },
    release: () => claim([])(),
  }
  return set
}
