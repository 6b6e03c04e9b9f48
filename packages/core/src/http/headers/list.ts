import type { PolicyDecision } from '../../algorithm.ts'
import { shown } from '../../check.ts'
import { effectiveMs, windowSeconds, wireCount, wireSeconds } from './figures.ts'
import { concurrentRequests, type Format, type ResponseHeaders, type WirePolicy } from './format.ts'

/** Policies that are not configured are remembered up to this many; a limiter has a handful of names. */
const MAX_REMEMBERED = 256

const BASE64 = /^(?:[a-z\d+/]{4})*(?:[a-z\d+/]{2}==|[a-z\d+/]{3}=)?$/i

/** The static part of a policy, kept from one response to the next. */
interface Advertised {
  /** The name as a structured string, or `undefined` where no structured field can carry it. */
  readonly name: string | undefined
  readonly unit: string
  readonly hasWindow: boolean
  readonly partitionKey: ((key: string) => string) | undefined
  limit: number
  windowMs: number
  /** `"name";q=..;qu=..;w=..` for that limit and window. */
  member: string
}

/** Drafts 8 to 11: every policy is a member of two lists, `RateLimit-Policy` and `RateLimit`. */
export function listFormat(policies: readonly WirePolicy[]): Format {
  const known = new Map(policies.map((policy) => [policy.name, advertise(policy)]))
  const find = (name: string): Advertised => {
    let found = known.get(name)
    if (!found) {
      found = advertise({ name })
      if (known.size < MAX_REMEMBERED) known.set(name, found)
    }
    return found
  }

  return {
    names: ['RateLimit', 'RateLimit-Policy'],
    needsWindow: false,
    write(decisions, _now, response) {
      let quotas = ''
      let standings = ''
      for (const decision of decisions) {
        const policy = find(decision.name)
        if (policy.name === undefined) continue
        const key = policy.partitionKey ? partition(policy.partitionKey, decision) : ''
        const comma = quotas && ', '
        quotas += comma + quotaOf(policy, decision) + key
        standings += `${comma}${policy.name};r=${wireCount(decision.remaining)}`
        if (policy.hasWindow) standings += `;t=${wireSeconds(effectiveMs(decision))}`
        standings += key
      }
      if (!quotas) return
      append(response, 'RateLimit-Policy', quotas)
      append(response, 'RateLimit', standings)
    },
  }
}

/** Whether a structured string (RFC 9651 §3.3.3) can carry the text. */
export function isPrintable(text: string): boolean {
  return /^[ -~]+$/.test(text)
}

function advertise({ name, unit = 'requests', partitionKey }: WirePolicy): Advertised {
  return {
    name: isPrintable(name) ? structuredString(name) : undefined,
    unit: unit === 'requests' ? '' : `;qu=${structuredString(unit)}`,
    hasWindow: unit !== concurrentRequests,
    partitionKey,
    limit: NaN,
    windowMs: NaN,
    member: '',
  }
}

function structuredString(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function quotaOf(policy: Advertised, { limit, windowMs }: PolicyDecision): string {
  if (policy.limit !== limit || policy.windowMs !== windowMs) {
    policy.limit = limit
    policy.windowMs = windowMs
    policy.member = `${policy.name};q=${wireCount(limit)}${policy.unit}`
    if (policy.hasWindow) policy.member += `;w=${windowSeconds(windowMs)}`
  }
  return policy.member
}

function partition(partitionKey: (key: string) => string, { name, key }: PolicyDecision): string {
  const value = partitionKey(key)
  // One malformed member voids the whole field, that of other limiters included.
  if (!BASE64.test(value))
    throw new TypeError(`partitionKey of policy ${name} must give base64, got ${shown(value)}`)
  return `;pk=:${value}:`
}

function append(response: ResponseHeaders, field: string, added: string): void {
  const written = response.get(field)
  response.set(field, written ? merge(written, added) : added)
}

/** A name with the same partition key stands in a list once: the last one wins. What is no such list goes. */
function merge(written: string, added: string): string {
  return [...new Map([...members(written), ...members(added)]).values()].join(', ')
}

const QUOTED_MEMBER = /(?:^|,)\s*("(?:[^"\\]|\\.)*")((?:;(?:"(?:[^"\\]|\\.)*"|[^",])*)?)(?=,|$)/g
const PARTITION_KEY = /; *(pk=:[^:]*:)/

/** The members of a list, each with what makes it that member: its name and its partition key. */
function members(list: string): [identity: string, member: string][] {
  return Array.from(list.matchAll(QUOTED_MEMBER), ([, name = '', parameters = '']) => [
    name + (PARTITION_KEY.exec(parameters)?.[1] ?? ''),
    (name + parameters).trim(),
  ])
}
