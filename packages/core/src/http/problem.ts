import type { Decision } from '../algorithm.ts'
import { concurrentRequests, type WirePolicy } from './headers/format.ts'

/** Why a request was refused. `forbidden` is the deny list's, `unavailable` that of a store that is down. */
export type ProblemKind = keyof typeof TITLES

/** A problem document (RFC 9457), media type `application/problem+json`. */
export interface Problem {
  readonly type: string
  readonly title: string
  /** The response's own status code. */
  readonly status: number
  readonly detail?: string
  readonly 'violated-policies'?: readonly string[]
}

const TITLES = {
  'quota-exceeded': 'Quota Exceeded',
  'temporary-reduced-capacity': 'Temporary Reduced Capacity',
  'abnormal-usage-detected': 'Abnormal Usage Detected',
  forbidden: 'Forbidden',
  unavailable: 'Service Unavailable',
} as const

/**
 * The body of a refusal; `status` default 429, `kind` default `quota-exceeded`. The policies give their units.
 * Without a decision there is nothing to tell but type, title and status.
 */
export function problemBody(
  decision: Decision | undefined,
  status = 429,
  kind: ProblemKind = 'quota-exceeded',
  policies: readonly WirePolicy[] = [],
): Problem {
  const registered = kind !== 'forbidden' && kind !== 'unavailable'
  const type = registered ? `https://iana.org/assignments/http-problem-types#${kind}` : 'about:blank'
  const problem = { type, title: TITLES[kind], status }
  if (!decision) return problem
  const violated = decision.policies.filter((policy) => policy.mode === 'enforce' && !policy.allowed)
  const detail = sentence(decision, policies)
  if (violated.length === 0) return { ...problem, detail }
  return { ...problem, detail, 'violated-policies': violated.map((policy) => policy.name) }
}

/** What to tell a person who was refused; the wait is rounded up. The policies give their units. */
export function sentence(decision: Decision, policies: readonly WirePolicy[] = []): string {
  const policy = decision.policies.find(({ name }) => name === decision.policy)
  const unit = policies.find(({ name }) => name === policy?.name)?.unit ?? 'requests'
  const hasWindow = unit !== concurrentRequests
  let said = 'Request refused.'
  if (policy) {
    const quota = counted(policy.limit, unit.replace('content-', '').replaceAll('-', ' '))
    said = `Limit of ${quota}${hasWindow ? ` per ${windowInWords(policy.windowMs)}` : ''} reached.`
  }
  const wait = hasWindow && decision.retryAfterMs < Infinity
  return wait ? `${said} Try again in ${waitInWords(decision.retryAfterMs)}.` : said
}

function windowInWords(windowMs: number): string {
  const seconds = Math.ceil(windowMs / 1000)
  const words =
    windowMs < 1000 ? counted(windowMs, 'milliseconds') : inWords(seconds, (size) => seconds % size === 0)
  return words.replace(/^1 /, '')
}

/** From two of a unit on it is used: less would make 2 minutes of 61 seconds. */
function waitInWords(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return inWords(seconds, (size) => seconds === size || seconds >= 2 * size)
}

function inWords(seconds: number, fits: (size: number) => boolean): string {
  if (fits(86_400)) return counted(seconds / 86_400, 'days')
  if (fits(3600)) return counted(seconds / 3600, 'hours')
  return fits(60) ? counted(seconds / 60, 'minutes') : counted(seconds, 'seconds')
}

/** The count, rounded up, with its noun, whose plural ends in s. */
function counted(count: number, nouns: string): string {
  const whole = Math.ceil(count)
  return `${whole} ${whole === 1 ? nouns.replace(/s$/, '') : nouns}`
}

/** Nobody names more types; the rest of a hostile field is not looked at. */
const MAX_ACCEPT_LENGTH = 1000

/**
 * Whether a client that sent this Accept field prefers text or HTML over JSON, by quality (RFC 9110 §12.5.1).
 * Ties and an absent field mean JSON.
 */
export function prefersText(accept = ''): boolean {
  const ranges = new Map<string | undefined, number>()
  for (const [, range, parameters = ''] of accept
    .slice(0, MAX_ACCEPT_LENGTH)
    .matchAll(/([^\s,;]+)([^,]*)/g)) {
    ranges.set(range?.toLowerCase(), Number(/;\s*q=([\d.]*)/i.exec(parameters)?.[1] ?? 1) || 0)
  }
  // The most specific range that covers a type decides.
  const quality = (family: string, type: string): number =>
    ranges.get(`${family}/${type}`) ?? ranges.get(`${family}/*`) ?? ranges.get('*/*') ?? 0
  return (
    Math.max(quality('text', 'plain'), quality('text', 'html')) >
    Math.max(quality('application', 'problem+json'), quality('application', 'json'))
  )
}
