import type { PolicyDecision } from '../../algorithm.ts'
import { comesBefore } from '../../decision.ts'
import { effectiveMs, wireCount, wireSeconds } from './figures.ts'
import { type Format, policyField } from './format.ts'

/** How the formats with room for one policy differ. */
export interface SingleShape {
  /** What the names of the fields begin with, one for each figure. Default: all figures in one field. */
  readonly prefix?: string
  /** Where the quotas of all policies stand: in a field of their own, or (draft 3) behind the limit. */
  readonly quotas?: 'apart' | 'behind-limit'
  readonly used?: boolean
  /** Reset as seconds since 1970 instead of seconds from now. */
  readonly epoch?: boolean
}

/** Drafts 3 to 7 and the X-RateLimit fields: the figures of the policy that a person is told of. */
export function singleFormat({ prefix = '', quotas, used, epoch }: SingleShape): Format {
  const limitField = `${prefix}Limit`
  const remainingField = `${prefix}Remaining`
  const usedField = `${prefix}Used`
  const resetField = `${prefix}Reset`
  const fields = prefix
    ? [limitField, remainingField, ...(used ? [usedField] : []), resetField]
    : ['RateLimit']

  return {
    names: quotas === 'apart' ? [...fields, policyField] : fields,
    write({ windowed, nowEpochMs }, response) {
      if (windowed.length === 0) return
      if (quotas === 'apart') response.set(policyField, quotaList(windowed, response.get(policyField)))

      const told = windowed.reduce((best, policy) => (comesBefore(policy, best) ? policy : best))
      const limit = wireCount(told.limit)
      const remaining = wireCount(told.remaining)
      const reset = wireSeconds(effectiveMs(told) + (epoch ? nowEpochMs : 0))
      const [left, until] = prefix
        ? [response.get(remainingField), response.get(resetField)]
        : (/(\d+), *reset=(\d+)/.exec(response.get('RateLimit') ?? '')?.slice(1) ?? [])
      // Of two limiters the tighter one stays; what is not a number is not tighter.
      if (Number(left) < remaining || (Number(left) === remaining && Number(until) >= reset)) return

      if (!prefix) return response.set('RateLimit', `limit=${limit}, remaining=${remaining}, reset=${reset}`)
      response.set(limitField, quotas === 'behind-limit' ? `${limit}, ${quotaList(windowed)}` : `${limit}`)
      response.set(remainingField, `${remaining}`)
      if (used) response.set(usedField, `${wireCount(told.used)}`)
      response.set(resetField, `${reset}`)
    },
  }
}

/**
 * The quotas of all policies after those already written. Draft 6 forbids two with the same quota value: the
 * longer window stays, since as many units in more time is the stricter of the two.
 */
function quotaList(policies: readonly PolicyDecision[], written = ''): string {
  const added = policies.map(({ limit, windowMs }) => `${wireCount(limit)};w=${wireSeconds(windowMs)}`)
  const windows = new Map<string, number>()
  for (const [, quota = '', window] of `${written}, ${added.join()}`.matchAll(/(\d+); *w=(\d+)/g)) {
    windows.set(quota, Math.max(Number(window), windows.get(quota) ?? 0))
  }
  return Array.from(windows, ([quota, window]) => `${quota};w=${window}`).join(', ')
}
