import type { Decision } from '../algorithm.ts'
import { concurrentRequests, type WirePolicy } from './headers/format.ts'

/** Why a request was refused. `forbidden` is the deny list's, `unavailable` that of a store that is down. */
export type ProblemKind = keyof typeof titles

/** A problem document (RFC 9457), media type `application/problem+json`. */
export interface Problem {
  readonly type: string
  readonly title: string
  /** The response's own status code. */
  readonly status: number
  readonly detail?: string
  readonly 'violated-policies'?: readonly string[]
}

const titles = {
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
  const problem = { type, title: titles[kind], status }
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
  const isConcurrent = unit === concurrentRequests
  const said = policy
    ? `Limit of ${plural(policy.limit, unitInWords(unit))}${isConcurrent ? '' : perWindow(policy.windowMs)} reached.`
    : 'Request refused.'
  if (isConcurrent || decision.retryAfterMs === Infinity) return said
  return `${said} Try again in ${waitInWords(decision.retryAfterMs)}.`
}

/** From the largest to the smallest, in seconds. */
const spans = [
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'minutes'],
  [1, 'seconds'],
] as const

function perWindow(windowMs: number): string {
  if (windowMs < 1000) return ` per ${plural(windowMs, 'milliseconds')}`
  const seconds = Math.ceil(windowMs / 1000)
  const [span, name] = spans.find(([size]) => seconds % size === 0) ?? spans[3]
  return seconds === span ? ` per ${singular(name)}` : ` per ${plural(seconds / span, name)}`
}

/** From two of a unit on it is used: less would round 61 seconds up to 2 minutes. */
function waitInWords(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  const [span, name] = spans.find(([size]) => seconds === size || seconds >= 2 * size) ?? spans[3]
  return plural(Math.ceil(seconds / span), name)
}

function unitInWords(unit: string): string {
  return unit.replace(/^content-/, '').replaceAll('-', ' ')
}

function plural(count: number, name: string): string {
  return `${count} ${count === 1 ? singular(name) : name}`
}

function singular(name: string): string {
  return name.replace(/s$/, '')
}

/** Nobody names more types; the rest of a hostile field is not looked at. */
const maxAcceptLength = 1000

/**
 * Whether a client that sent this Accept field prefers text or HTML over JSON, by quality (RFC 9110 §12.5.1).
 * Ties and an absent field mean JSON.
 */
export function prefersText(accept = ''): boolean {
  const ranges = new Map<string | undefined, number>()
  for (const [, range, parameters = ''] of accept.slice(0, maxAcceptLength).matchAll(/([^\s,;]+)([^,]*)/g)) {
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
