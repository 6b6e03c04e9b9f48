import { type PolicyName, promises } from './policies.ts'

interface Account {
  /** Of the burst: thousandths of a request, so that a millisecond's refill is a whole number of them. */
  tokens: number
  at: number
  /** Of the quota: when requests were allowed. */
  times: number[]
}

/**
 * What the policies promise, worked out without Sluice, where the times of requests are known exactly: which
 * policies have to refuse a request. A client's times must not step back.
 */
export function createModel(): (client: string, atMs: number) => PolicyName[] {
  const { burst, quota } = promises
  const full = burst.capacity * burst.perMs
  const accounts = new Map<string, Account>()

  return (client, atMs) => {
    const account = accounts.get(client) ?? { tokens: full, at: atMs, times: [] }
    accounts.set(client, account)
    account.tokens = Math.min(full, account.tokens + (atMs - account.at) * burst.refill)
    account.at = atMs
    account.times = account.times.filter((time) => time > atMs - quota.windowMs)
    const refusedBy: PolicyName[] = []
    if (account.tokens < burst.perMs) refusedBy.push('burst')
    if (account.times.length >= quota.limit) refusedBy.push('quota')
    if (refusedBy.length === 0) {
      account.tokens -= burst.perMs
      account.times.push(atMs)
    }
    return refusedBy
  }
}
