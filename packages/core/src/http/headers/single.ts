import type { PolicyDecision } from '../../algorithm.ts'
import { effectiveMs, tightest, windowSeconds, wireCount, wireSeconds } from './figures.ts'
import type { Format, ResponseHeaders } from './format.ts'

const POLICY_FIELD = 'RateLimit-Policy'

/** How the formats with one field for each figure differ. */
export interface FieldsShape {
  readonly prefix: string
  /** Where the quotas of all policies stand: in a field of their own, or (draft 3) behind the limit. */
  readonly quotas?: 'apart' | 'behind-limit'
  readonly used?: boolean
  /** Reset as seconds since 1970 instead of seconds from now. */
  readonly epoch?: boolean
}

/** Drafts 3 to 6 and the X-RateLimit fields: the tightest policy, one field for each figure. */
export function fieldsFormat({ prefix, quotas, used, epoch }: FieldsShape): Format {
  const limitName = `${prefix}Limit`
  const remainingName = `${prefix}Remaining`
  const usedName = `${prefix}Used`
  const resetName = `${prefix}Reset`
  const names = [limitName, remainingName, resetName]
  if (used) names.splice(2, 0, usedName)
  if (quotas === 'apart') names.push(POLICY_FIELD)

  return {
    names,
    needsWindow: true,
    write(policies, nowEpochMs, response) {
      const policy = tightest(policies)
      if (!policy) return
      const limit = wireCount(policy.limit)
      const remaining = wireCount(policy.remaining)
      const reset = wireSeconds(effectiveMs(policy) + (epoch ? nowEpochMs : 0))
      if (quotas === 'apart') appendQuotas(policies, response)
      if (isTighter(response.get(remainingName), response.get(resetName), remaining, reset)) return
      response.set(limitName, quotas === 'behind-limit' ? `${limit}, ${quotaList(policies)}` : `${limit}`)
      response.set(remainingName, `${remaining}`)
      if (used) response.set(usedName, `${wireCount(policy.used)}`)
      response.set(resetName, `${reset}`)
    },
  }
}

/** Draft 7: the figures of the tightest policy as one dictionary. */
export const dictionaryFormat: Format = {
  names: ['RateLimit', POLICY_FIELD],
  needsWindow: true,
  write(policies, _now, response) {
    const policy = tightest(policies)
    if (!policy) return
    const remaining = wireCount(policy.remaining)
    const reset = wireSeconds(effectiveMs(policy))
    appendQuotas(policies, response)
    const [, left, until] = /remaining=(\d+), *reset=(\d+)/.exec(response.get('RateLimit') ?? '') ?? []
    if (isTighter(left, until, remaining, reset)) return
    response.set('RateLimit', `limit=${wireCount(policy.limit)}, remaining=${remaining}, reset=${reset}`)
  },
}

/** Whether what an earlier limiter wrote leaves less than ours; what is not a number does not. */
function isTighter(left = 'none', until = 'none', remaining: number, reset: number): boolean {
  return Number(left) < remaining || (Number(left) === remaining && Number(until) >= reset)
}

function appendQuotas(policies: readonly PolicyDecision[], response: ResponseHeaders): void {
  response.set(POLICY_FIELD, quotaList(policies, response.get(POLICY_FIELD)))
}

/**
 * The quotas of all policies after those already written. Draft 6 forbids two with the same quota value: the
 * longer window stays, since as many units in more time is the stricter of the two.
 */
function quotaList(policies: readonly PolicyDecision[], written = ''): string {
  const windows = new Map<number, number>()
  const add = (quota: number, window: number): void => {
    windows.set(quota, Math.max(window, windows.get(quota) ?? 0))
  }
  for (const [, quota, window] of written.matchAll(/(\d+); *w=(\d+)/g)) add(Number(quota), Number(window))
  for (const { limit, windowMs } of policies) add(wireCount(limit), windowSeconds(windowMs))
  return Array.from(windows, ([quota, window]) => `${quota};w=${window}`).join(', ')
}
