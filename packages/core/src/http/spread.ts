import type { Decision } from '../algorithm.ts'

/** The golden ratio's fraction: its multiples fill an interval more evenly than chance does, however many they are. */
const STEP = (Math.sqrt(5) - 1) / 2

/**
 * Makes what staggers refused clients: each is told to wait longer than it has to, by another part of `spreadMs`.
 *
 * Clients that were refused in one instant then do not come back in one instant. It only ever adds, and as much to each
 * figure of one decision. Of n that are refused in a row no two neighbours are further apart than 1.9 * `spreadMs` / n.
 */
export function createSpread(spreadMs: number): (decision: Decision) => Decision {
  // Elsewhere in every process.
  let turn = Math.random()
  return (decision) => {
    if (decision.allowed || decision.retryAfterMs === Infinity || decision.source === 'failure-policy')
      return decision
    turn = (turn + STEP) % 1
    const addedMs = Math.floor(turn * spreadMs)
    const policies = decision.policies.map((policy) =>
      policy.allowed ? policy : { ...policy, retryAfterMs: policy.retryAfterMs + addedMs },
    )
    return { ...decision, retryAfterMs: decision.retryAfterMs + addedMs, policies }
  }
}
