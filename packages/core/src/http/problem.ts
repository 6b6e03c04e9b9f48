import type { Decision, PolicyDecision } from '../algorithm.ts'
import { hasWindow, ownUnit, unitsByKind, type WirePolicy } from './headers/format.ts'

/**
 * Why a request was refused: one of the registered kinds, of which policies are guilty; or it is on the deny list; or
 * nobody can say what the limits are.
 */
export type ProblemKind =
  | 'quota-exceeded'
  | 'temporary-reduced-capacity'
  | 'abnormal-usage-detected'
  | 'forbidden'
  | 'service-unavailable'

/** A problem document (RFC 9457), media type `application/problem+json`. */
export interface Problem {
  readonly type: string
  readonly title: string
  /** The response's own status code. */
  readonly status: number
  readonly detail?: string
  readonly 'violated-policies'?: readonly string[]
}

/**
 * The body of a refusal. The policies give their units. Without a decision there is nothing to tell but type, title and
 * status.
 */
export function problemBody(
  decision: Decision | undefined,
  status: number,
  kind: ProblemKind,
  policies: readonly WirePolicy[],
): Problem {
  const violated = decision?.policies.filter(({ mode, allowed }) => mode === 'enforce' && !allowed) ?? []
  const hasViolated = violated.length > 0
  return {
    type: hasViolated ? `https://iana.org/assignments/http-problem-types#${kind}` : 'about:blank',
    title: kind.replace(/(?:^|-)./g, (initial) => initial.replace('-', ' ').toUpperCase()),
    status,
    ...(decision && { detail: sentence(decision, policies) }),
    ...(hasViolated && { 'violated-policies': violated.map(({ name }) => name) }),
  }
}

/** What to tell a person who was refused; the wait is rounded up. The policies give their units. */
export function sentence(decision: Decision, policies: readonly WirePolicy[]): string {
  const { policy: told, retryAfterMs } = decision
  const policy = decision.policies.find(({ name }) => name === told)
  const unit = ownUnit(policies.find(({ name }) => name === told)?.unit)
  const said = policy ? reason(policy, unit) : 'Request refused.'
  const hasWait = retryAfterMs < Infinity && (!policy || hasWindow(policy))
  return hasWait ? `${said} Try again in ${waitInWords(retryAfterMs)}.` : said
}

function reason(policy: PolicyDecision, unit: string | undefined): string {
  const { cost, limit, remaining } = policy
  if (policy.kind === 'prepaid') {
    const nouns = nounsOf(policy, unit)
    if (remaining <= 0) return `No ${nouns} left.`
    return `This request costs ${cost}; ${counted(remaining, nouns)} ${remaining === 1 ? 'is' : 'are'} left.`
  }
  const quota = quotaOf(policy, unit)
  if (cost > Math.max(1, limit)) return `This request costs ${cost}, more than the limit of ${quota}.`
  if (remaining <= 0) return `Limit of ${quota} reached.`
  return `This request costs ${cost}; ${remaining} of ${quota} ${remaining === 1 ? 'is' : 'are'} left.`
}

/** How much there is of what: 5 requests per minute, 10 concurrent requests, 3 uploads at once. */
function quotaOf(policy: PolicyDecision, unit: string | undefined): string {
  const isWindowed = hasWindow(policy)
  const quota = counted(policy.limit, nounsOf(policy, unit))
  if (isWindowed) return `${quota} per ${inWords(policy.windowMs).replace(/^1 /, '')}`
  return unit === undefined ? quota : `${quota} at once`
}

/** What is counted, in words. */
const nounsOf = ({ kind }: PolicyDecision, unit = unitsByKind.get(kind) ?? 'requests'): string =>
  unit.replace('content-', '').replaceAll('-', ' ')

const SPANS = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
  [1000, 'seconds'],
] as const

/** A whole number of seconds, from two minutes on of minutes and so on: nobody waits for 86,401 seconds. */
function waitInWords(waitMs: number): string {
  const [size] = SPANS.find(([ms]) => waitMs >= 2 * ms) ?? [1000]
  return inWords(Math.max(1, Math.ceil(waitMs / size)) * size)
}

/** A span in the largest unit of which it is a whole number; else in seconds with decimals, or in milliseconds. */
function inWords(spanMs: number): string {
  const [size, units] =
    SPANS.find(([ms]) => spanMs % ms === 0) ?? (spanMs > 1000 ? [1000, 'seconds'] : [1, 'milliseconds'])
  return counted(spanMs / size, units)
}

/** The count with its noun, whose plural ends in s. */
function counted(count: number, nouns: string): string {
  return `${count} ${count === 1 ? nouns.replace(/s$/, '') : nouns}`
}

/** Nobody names more types; the rest of a hostile field is not looked at. */
const MAX_ACCEPT_LENGTH = 1000

/**
 * Whether a client that sent this Accept field prefers text or HTML over JSON, by quality (RFC 9110 §12.5.1).
 * Ties and an absent field mean JSON.
 */
export function prefersText(accept = ''): boolean {
  const items = accept.slice(0, MAX_ACCEPT_LENGTH).toLowerCase().split(',')
  const ranges = new Map(
    items.map((item) => [item.replace(/;.*/, '').trim(), Number(/;\s*q=([\d.]*)/.exec(item)?.[1] ?? 1)]),
  )
  // The most specific range that covers a type decides.
  const best = (family: string, ...types: string[]): number =>
    Math.max(
      ...types.map(
        (type) => ranges.get(`${family}/${type}`) ?? ranges.get(`${family}/*`) ?? ranges.get('*/*') ?? 0,
      ),
    )
  return best('text', 'plain', 'html') > best('application', 'problem+json', 'json')
}
