import type { PolicyDecision } from '../../algorithm.ts'
import { effectiveMs, tightest, windowSeconds, wireCount, wireSeconds } from './figures.ts'
import type { Format } from './format.ts'

/** How a format with one field for each figure differs from the others. */
export interface FieldsShape {
  readonly prefix: string
  /** Where the quotas of all policies stand; default: nowhere. */
  readonly quotas?: 'RateLimit-Policy' | 'RateLimit-Limit'
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
  if (used) names.push(usedName)
  if (quotas && quotas !== limitName) names.push(quotas)

  return {
    names,
    needsWindow: true,
    write(policies, nowEpochMs, response) {
      const policy = tightest(policies)
      if (!policy) return
      const remaining = wireCount(policy.remaining)
      const reset = wireSeconds(effectiveMs(policy) + (epoch ? nowEpochMs : 0))
      const written = response.get(limitName)
      const keep = isTighter(response.get(remainingName), response.get(resetName), remaining, reset)
      // Draft 3 has the limit in force first and then all quotas, in one field.
      const limit = (keep && written?.split(',')[0]) || `${wireCount(policy.limit)}`
      if (quotas === limitName) response.set(limitName, `${limit}, ${quotaList(policies, written)}`)
      else if (quotas) response.set(quotas, quotaList(policies, response.get(quotas)))
      if (keep) return
      if (quotas !== limitName) response.set(limitName, limit)
      response.set(remainingName, `${remaining}`)
      if (used) response.set(usedName, `${wireCount(policy.used)}`)
      response.set(resetName, `${reset}`)
    },
  }
}

/** Draft 7: the figures of the tightest policy as one dictionary. */
export const dictionaryFormat: Format = {
  names: ['RateLimit', 'RateLimit-Policy'],
  needsWindow: true,
  write(policies, _now, response) {
    const policy = tightest(policies)
    if (!policy) return
    const remaining = wireCount(policy.remaining)
    const reset = wireSeconds(effectiveMs(policy))
    response.set('RateLimit-Policy', quotaList(policies, response.get('RateLimit-Policy')))
    const [, left, until] = /remaining=(\d+), *reset=(\d+)/.exec(response.get('RateLimit') ?? '') ?? []
    if (isTighter(left, until, remaining, reset)) return
    response.set('RateLimit', `limit=${wireCount(policy.limit)}, remaining=${remaining}, reset=${reset}`)
  },
}

/** Whether the figures that an earlier limiter wrote leave less than ours; what is not a number does not. */
function isTighter(
  left: string | undefined,
  until: string | undefined,
  remaining: number,
  reset: number,
): boolean {
  const written = left ? Number(left) : NaN
  return written < remaining || (written === remaining && Number(until) >= reset)
}

/**
 * The quotas of all policies after those already written. Two may not share a quota value (draft 6 §2.1): the
 * longer window stays, since as many units in more time is the stricter of the two.
 */
function quotaList(policies: readonly PolicyDecision[], written: string | undefined): string {
  const windows = new Map<number, number>()
  const add = (quota: number, window: number): void => {
    windows.set(quota, Math.max(window, windows.get(quota) ?? 0))
  }
  for (const [, quota, window] of (written ?? '').matchAll(/(\d+); *w=(\d+)/g))
    add(Number(quota), Number(window))
  for (const { limit, windowMs } of policies) add(wireCount(limit), windowSeconds(windowMs))
  return Array.from(windows, ([quota, window]) => `${quota};w=${window}`).join(', ')
}
