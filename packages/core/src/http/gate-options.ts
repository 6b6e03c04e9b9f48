import { flag, knownOptions, shown, wholeNumber } from '../check.ts'
import { limiterOf } from '../limiter.ts'
import type { Limiter, LimiterSettings } from '../limiter-types.ts'
import type { Mode } from '../store.ts'
import type { WirePolicy } from './headers.ts'
import { concurrentRequests } from './headers/format.ts'
import { checkFunction } from './keys.ts'
import type { ChargeOptions, RateLimitOptions, RequestPolicyOptions, ResponseOptions } from './options.ts'
import {
  CHARGE_OPTIONS,
  parsePolicy,
  parsePolicyList,
  POLICY_OPTIONS,
  type RequestPolicy,
  requestPolicy,
} from './request-policies.ts'

const LIMITER_OPTIONS = ['store', 'shared', 'on']
const RESPONSE_OPTIONS = [
  'skip',
  'deny',
  'trustProxy',
  'headers',
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
export interface GateSettings<Args extends readonly unknown[]> extends Pick<
  ResponseOptions<Args, never>,
  'skip' | 'deny' | 'trustProxy' | 'message'
> {
  readonly headers: ResponseOptions<Args, never>['headers']
  readonly status: number
  readonly property: string
  readonly expose: boolean
  readonly skipWhenCacheable: boolean
  readonly skipOnRedirect: boolean
  readonly enabled: boolean
}

export interface ParsedGate<Args extends readonly unknown[]> {
  readonly limiter: Limiter
  readonly policies: readonly RequestPolicy<Args>[]
  readonly wire: readonly WirePolicy[]
  readonly settings: GateSettings<Args>
}

/** The parts of the options, whichever of the three forms they have, by what they are for. */
interface AnyForm<Args extends readonly unknown[]>
  extends LimiterSettings<Mode>, RequestPolicyOptions<Args>, ResponseOptions<Args, unknown> {
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
  knownOptions('rateLimit', options, [
    ...LIMITER_OPTIONS,
    'limiter',
    'policies',
    ...POLICY_OPTIONS,
    ...RESPONSE_OPTIONS,
  ])
  const all: AnyForm<Args> = options
  const settings = parseSettings(all)
  if (all.limiter !== undefined) return { ...ofLimiter(all.limiter, all), settings }
  const parsed = all.policies === undefined ? [parsePolicy(all, '')] : parsePolicyList(onlyPolicies(all))
  return {
    limiter: limiterOf(
      parsed.map(({ bound }) => bound),
      all,
    ),
    policies: parsed.map(({ request }) => request),
    wire: parsed.map(({ wire }) => wire),
    settings,
  }
}

/** The list of policies, beside which nothing may say what one policy says. */
function onlyPolicies<Args extends readonly unknown[]>(
  all: AnyForm<Args>,
): readonly RequestPolicyOptions<Args>[] {
  refuseBeside('policies', all, POLICY_OPTIONS, 'say it in each policy')
  return all.policies ?? []
}

/** Another limiter's policies, all charged by the same key and cost. */
function ofLimiter<Args extends readonly unknown[]>(
  limiter: Limiter,
  all: AnyForm<Args>,
): Omit<ParsedGate<Args>, 'settings'> {
  const theirs = [...LIMITER_OPTIONS, 'policies', ...POLICY_OPTIONS].filter(
    (name) => !CHARGE_OPTIONS.includes(name),
  )
  refuseBeside('limiter', all, theirs, 'the limiter has its own')
  if (typeof limiter?.decide !== 'function') {
    throw new TypeError(`limiter must be what createLimiter() gives, got ${shown(limiter)}`)
  }
  const charge: ChargeOptions<Args> = all
  const wire = limiter.policies.map(({ name, kind }) => ({
    name,
    unit: kind === 'concurrency' ? concurrentRequests : undefined,
  }))
  return { limiter, policies: wire.map(({ name }) => requestPolicy(name, charge, '')), wire }
}

function refuseBeside(what: string, options: object, names: readonly string[], hint: string): void {
  const clash = names.find((name) => name in options)
  if (clash !== undefined) throw new TypeError(`${what} and ${clash} exclude each other: ${hint}`)
}

function parseSettings<Args extends readonly unknown[]>(all: AnyForm<Args>): GateSettings<Args> {
  const { skip, deny, trustProxy, headers, message, property = 'rateLimit' } = all
  if (all.respond !== undefined) checkFunction('respond', all.respond)
  if (typeof property !== 'string' || property === '') {
    throw new TypeError(`property must be text that is not empty, got ${shown(property)}`)
  }
  if (message !== undefined && !['string', 'object', 'function'].includes(typeof message)) {
    throw new TypeError(`message must be text, an object or a function, got ${shown(message)}`)
  }
  return {
    ...(skip !== undefined && { skip }),
    ...(deny !== undefined && { deny }),
    ...(trustProxy !== undefined && { trustProxy }),
    ...(message !== undefined && { message }),
    headers,
    status: wholeNumber('status', all.status ?? 429, 400, 599),
    property,
    expose: flag('expose', all.expose, false),
    skipWhenCacheable: flag('skipWhenCacheable', all.skipWhenCacheable, false),
    skipOnRedirect: flag('skipOnRedirect', all.skipOnRedirect, false),
    enabled: flag('enabled', all.enabled, true),
  }
}
