/** The keys that this store was asked for, by the policy and kind that they are of. */
export interface Seen {
  add(policy: string, key: string): void
  /**
   * All keys of a policy.
   * @throws RangeError where they were too many to be remembered
   */
  all(policy: string): readonly string[]
}

/** So many keys of a policy are remembered: some megabyte. */
const MOST_KEYS = 10_000

export function createSeen(): Seen {
  const policies = new Map<string, Set<string>>()

  return {
    add(policy, key) {
      let keys = policies.get(policy)
      if (!keys) policies.set(policy, (keys = new Set()))
      // One more than there may be tells that there were too many.
      if (keys.size <= MOST_KEYS) keys.add(key)
    },
    all(policy) {
      const keys = policies.get(policy) ?? new Set()
      if (keys.size > MOST_KEYS)
        throw new RangeError(
          `Memcached cannot list its keys, and only ${MOST_KEYS} are remembered: use another prefix or empty the server`,
        )
      return [...keys]
    },
  }
}
