import { type PolicyName, promises } from './policies.ts'

/** When something happened: at some instant from one time to another. */
export interface Span {
  readonly sentAt: number
  readonly answeredAt: number
}

export interface Used {
  readonly least: number
  readonly most: number
}

/** Clocks of whole milliseconds in two processes. */
const slackMs = 2

/**
 * How much of a policy a client can have used when a request was decided. Only the server knows the instants, but
 * each lies between sending and answering; so there is a least (charges as early, the decision as late as possible)
 * and a most. A slow machine widens the spans and makes the two differ more, and neither becomes wrong.
 */
export function usedAt(policy: PolicyName, charges: readonly Span[], decision: Span): Used {
  const others = charges.filter((charge) => charge !== decision)
  const surely = others.filter((charge) => charge.answeredAt <= decision.sentAt)
  const perhaps = others.filter((charge) => charge.sentAt < decision.answeredAt)
  const count = counts[policy]
  return {
    least: count(
      surely.map(({ sentAt }) => sentAt),
      decision.answeredAt + slackMs,
    ),
    most: count(
      perhaps.map(({ answeredAt }) => answeredAt),
      decision.sentAt - slackMs,
    ),
  }
}

const counts: Record<PolicyName, (times: readonly number[], now: number) => number> = {
  /** What a bucket holds: since one of the charges it never ran dry; counting from any other gives less. */
  burst(times, now) {
    const { refill, perMs } = promises.burst
    const since = times.map(
      (first) => times.filter((time) => time >= first).length - (Math.max(0, now - first) * refill) / perMs,
    )
    return Math.max(0, ...since)
  },
  quota: (times, now) => times.filter((time) => time > now - promises.quota.windowMs).length,
}
