/** What the two policies promise. The app makes its limits of these numbers; the checks count by them on their own. */
export const promises = {
  burst: { capacity: 10, refill: 4, perMs: 1000 },
  quota: { limit: 35, windowMs: 8000 },
}

export const policyNames = ['burst', 'quota'] as const

export type PolicyName = (typeof policyNames)[number]

/** The most that a client can have left of each policy. */
export const fullOf: Record<PolicyName, number> = {
  burst: promises.burst.capacity,
  quota: promises.quota.limit,
}

export const inWords: Record<PolicyName, string> = {
  burst: `${promises.burst.capacity} at once, ${promises.burst.refill} more each ${promises.burst.perMs / 1000} s`,
  quota: `${promises.quota.limit} in any ${promises.quota.windowMs / 1000} s`,
}
