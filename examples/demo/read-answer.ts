import type { Answer } from './ask.ts'
import { fullOf, policyNames, type PolicyName, promises } from './policies.ts'

/** What an answer says about the limits. */
export interface Standing {
  readonly allowed: boolean
  readonly remaining: Record<PolicyName, number>
  /** Which policies refused. */
  readonly refusedBy: readonly PolicyName[]
  /** Seconds, of a refusal. */
  readonly retryAfter: number | undefined
  /** What does not fit together in the answer. */
  readonly faults: readonly string[]
}

const problemType = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const standingForm = /^"burst";r=(\d+);t=(\d+), "quota";r=(\d+);t=(\d+)$/

const drainSeconds = Math.ceil(
  (promises.burst.capacity * promises.burst.perMs) / promises.burst.refill / 1000,
)
const policyField =
  `"burst";q=${promises.burst.capacity};w=${drainSeconds}, ` +
  `"quota";q=${promises.quota.limit};w=${Math.ceil(promises.quota.windowMs / 1000)}`

/** Reads an answer with no help of Sluice's own parser, and notes whatever in it contradicts something else. */
export function readAnswer(answer: Answer): Standing {
  const { status, headers } = answer
  const [, ...figures] = standingForm.exec(String(headers.ratelimit)) ?? []
  const [burst = NaN, burstWait = NaN, quota = NaN, quotaWait = NaN] = figures.map(Number)
  const remaining = { burst, quota }
  const wait = { burst: burstWait, quota: quotaWait }
  const allowed = status === 200
  const refusedBy = status === 429 ? policyNames.filter((name) => remaining[name] === 0) : []
  const retryAfter = /^\d+$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : undefined

  const faults: string[] = []
  const expect = (fact: boolean, otherwise: string): void => {
    if (!fact) faults.push(otherwise)
  }
  expect(allowed || status === 429, `status ${status}`)
  expect(figures.length > 0, `RateLimit: ${String(headers.ratelimit)}`)
  expect(
    headers['ratelimit-policy'] === policyField,
    `RateLimit-Policy: ${String(headers['ratelimit-policy'])}`,
  )
  const tightest = allowed ? Math.min(burst, quota) : 0
  expect(
    headers['x-ratelimit-remaining'] === `${tightest}`,
    `X-RateLimit-Remaining: ${String(headers['x-ratelimit-remaining'])} beside RateLimit: ${String(headers.ratelimit)}`,
  )
  if (allowed) {
    expect(retryAfter === undefined, 'a Retry-After on an allowed request')
    expect(
      policyNames.every((name) => remaining[name] < fullOf[name]),
      'an allowed request that cost nothing',
    )
  } else {
    const longest = Math.max(...refusedBy.map((name) => wait[name]))
    expect(refusedBy.length > 0, 'a refusal by no policy')
    expect(
      retryAfter === longest && longest >= 1,
      `Retry-After: ${headers['retry-after']} instead of ${longest}`,
    )
    expect(headers['cache-control'] === 'no-store', 'a refusal that may be cached')
    if (answer.method !== 'HEAD') faults.push(...problemFaults(answer, refusedBy))
  }
  return { allowed, remaining, refusedBy, retryAfter, faults }
}

function problemFaults({ headers, body, status }: Answer, refusedBy: readonly string[]): string[] {
  if (headers['content-type'] !== 'application/problem+json')
    return [`a refusal as ${headers['content-type']}`]
  try {
    const problem = JSON.parse(body) as Record<string, unknown>
    const right =
      problem.type === problemType &&
      problem.status === status &&
      typeof problem.title === 'string' &&
      /^Limit of \d+ requests per .+ reached\. Try again in .+\.$/.test(String(problem.detail)) &&
      JSON.stringify(problem['violated-policies']) === JSON.stringify(refusedBy)
    return right ? [] : [`a refusal with the body ${body}`]
  } catch {
    return [`a refusal with a body that is no JSON: ${body}`]
  }
}
