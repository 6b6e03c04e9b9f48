import { durationMs, excludes, functionOf, knownOptions, oneOf, refuse, wholeNumber } from '../check.ts'
import { limiterOf } from '../limiter.ts'
import { type Limiter, type LimiterSettings, SETTINGS } from '../limiter-types.ts'
import { limiterPolicies, parsePolicies } from '../policies.ts'
import type { WirePolicy } from './headers.ts'
import type { RateLimitOptions, RequestPolicyOptions, ResponseOptions, StatusOption } from './options.ts'
import {
  CHARGE_OPTIONS,
  parsePolicy,
  REQUEST_POLICY_OPTIONS,
  type RequestPolicy,
  requestPolicy,
} from './request-policies.ts'

const RESPONSE_OPTIONS = [
  'skip',
  'deny',
  'trustProxy',
  'headers',
  'delay',
  'retryAfterSpread',
  'status',
  'message',
  'respond',
  'property',
  'expose',
  'skipWhenCacheable',
  'skipOnRedirect',
  'enabled',
]

/** The options of a middleware, checked, with their defaults. */
interface GateSettings<Args extends readonly unknown[]> extends Pick<
  ResponseOptions<Args, never>,
  'skip' | 'deny' | 'trustProxy' | 'message' | 'headers' | 'delay'
> {
  readonly status: StatusOption<Args>
  readonly spreadMs: number
  readonly property: string
  readonly expose: boolean
  readonly skipWhenCacheable: boolean
  readonly skipOnRedirect: boolean
  readonly enabled: boolean
}

export interface ParsedGate<Args extends readonly unknown[]> {
  readonly limiter: Limiter
  readonly policies: readonly RequestPolicy<Args>[]
  /** Whether the limiter is another's, all of whose policies are charged as the only one of `policies` says. */
  readonly isShared: boolean
  /** What options say of policies on the wire. */
  readonly wire: readonly WirePolicy[]
  readonly settings: GateSettings<Args>
}

/** The options, whichever of the three forms they have. */
interface AnyForm<Args extends readonly unknown[]>
  extends LimiterSettings, RequestPolicyOptions<Args>, ResponseOptions<Args, unknown> {
  policies?: readonly RequestPolicyOptions<Args>[]
  limiter?: Limiter
}

/**
 * Checks the options of a middleware and makes its limiter.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function parseGate<Args extends readonly unknown[], Respond>(
  options: RateLimitOptions<Args, Respond>,
): ParsedGate<Args> {
  const own = [...SETTINGS, 'policies', ...REQUEST_POLICY_OPTIONS]
  knownOptions('rateLimit', options, [...own, 'limiter', ...RESPONSE_OPTIONS])
  const all: AnyForm<Args> = options
  const settings = parseSettings(all)
  excludes(
    all,
    'limiter',
    own.filter((name) => !CHARGE_OPTIONS.includes(name)),
  )
  if (all.limiter !== undefined) return { ...ofLimiter(all.limiter, all), settings }
  const parsed = parsePolicies(all, REQUEST_POLICY_OPTIONS, (policy, at) =>
    parsePolicy(policy as RequestPolicyOptions<Args>, at),
  )
  const policies = parsed.map(({ request }) => request)
  const limiter = limiterOf(
    parsed.map(({ bound }) => bound),
    all,
  )
  guardUpdate(limiter, policies)
  return { limiter, policies, isShared: false, wire: parsed.map(({ wire }) => wire), settings }
}

/** Another limiter's policies, all charged by the same key and cost. */
function ofLimiter<Args extends readonly unknown[]>(
  limiter: Limiter,
  all: AnyForm<Args>,
): Omit<ParsedGate<Args>, 'settings'> {
  if (typeof limiter?.decide !== 'function') refuse('limiter', 'what createLimiter() gives', limiter)
  if (limiter.policies.some(({ kind }) => !kind))
    refuse('limiter', 'one whose policies have algorithms of their own', limiter)
  return { limiter, policies: [requestPolicy('', all, '')], isShared: true, wire: [] }
}

/** Lets `update` change how a middleware's policies count, and not which there are: their keys and costs are options. */
function guardUpdate<Args extends readonly unknown[]>(
  limiter: Limiter,
  policies: readonly RequestPolicy<Args>[],
): void {
  const { update } = limiter
  const namesOf = (list: readonly { name: string }[]): string =>
    list
      .map(({ name }) => name)
      .toSorted()
      .join('\n')
  limiter.update = (next) => {
    if (
      policies.some(({ algorithm }) => algorithm) ||
      namesOf(limiterPolicies('update', next, [])) !== namesOf(policies)
    )
      throw new TypeError(
        'update() must keep the policies, none of which may leave its algorithm to requests',
      )
    update(next)
  }
}

function parseSettings<Args extends readonly unknown[]>(all: AnyForm<Args>): GateSettings<Args> {
  const { status = 429, retryAfterSpread = 0, message, respond, property = 'rateLimit', enabled = true } = all
  const { expose = false, skipWhenCacheable = false, skipOnRedirect = false } = all
  functionOf('respond', respond)
  if (message !== undefined && (message === null || !/^(string|object|function)$/.test(typeof message))) {
    refuse('message', 'text, an object or a function', message)
  }
  return {
    ...all,
    status: typeof status === 'function' ? status : wholeNumber('status', status, 400, 599),
    spreadMs: durationMs('retryAfterSpread', retryAfterSpread, 0),
    property:
      typeof property === 'string' && property
        ? property
        : refuse('property', 'text that is not empty', property),
    expose: oneOf('expose', expose, [true, false]),
    skipWhenCacheable: oneOf('skipWhenCacheable', skipWhenCacheable, [true, false]),
    skipOnRedirect: oneOf('skipOnRedirect', skipOnRedirect, [true, false]),
    enabled: oneOf('enabled', enabled, [true, false]),
  }
}
