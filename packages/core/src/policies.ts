import type { Algorithm, PolicyMode } from './algorithm.ts'
import { slidingWindow } from './algorithms/sliding-window.ts'
import { type Duration, knownOptions, oneOf, shown } from './check.ts'

/** One named limit of a limiter. */
export interface PolicyOptions<Name extends string = string> {
  /** Tells the policy from the others in keys, headers and decisions: 1 to 100 printable ASCII characters. */
  name: Name
  /** How to count: `tokenBucket(...)`, `slidingWindow(...)` and so on. */
  algorithm: Algorithm
  /** `'enforce'` (default), or `'shadow'`: counts and reports, never refuses. */
  mode?: PolicyMode
}

/** Several policies, decided together. */
export interface PolicyList<Name extends string> {
  policies: readonly PolicyOptions<Name>[]
}

/** One policy named `'default'`: a sliding window, or an algorithm of your choice. */
export type ShortForm =
  | {
      /** Units per window. A whole number from 0. */
      limit: number
      /** How long the window is, from 1 ms to 10 years. */
      window: Duration
    }
  | { algorithm: Algorithm }

/** The methods by which a value is known to be an algorithm, whoever wrote it. */
const METHODS = ['args', 'fresh', 'adopt', 'look', 'charge', 'refund', 'ttlMs', 'encode', 'decode'] as const

/**
 * The value, if it is an algorithm.
 * @throws TypeError that says how to make one
 */
export function checkedAlgorithm(option: string, value: unknown): Algorithm {
  const algorithm = value as Partial<Algorithm> | undefined | null
  if (typeof algorithm?.kind === 'string' && METHODS.every((name) => typeof algorithm[name] === 'function')) {
    return value as Algorithm
  }
  throw new TypeError(`${option} must be an algorithm such as tokenBucket({ ... }), got ${shown(value)}`)
}

/**
 * The name, if a key and a header can carry it.
 * @throws TypeError
 */
export function checkedName(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x20-\x7e]{1,100}$/.test(value)) return value
  throw new TypeError(`${option} must be 1 to 100 printable ASCII characters, got ${shown(value)}`)
}

/**
 * The policies that a list or a short form means. `known` are the other options that the caller takes.
 * @throws TypeError, RangeError for what is missing, unknown, out of range, or there twice
 */
export function parsePolicies(owner: string, options: object, known: readonly string[]): PolicyOptions[] {
  knownOptions(owner, options, [...known, 'policies', 'limit', 'window', 'algorithm'])
  const { policies, algorithm, limit, window } = options as Partial<
    PolicyList<string> & Record<'algorithm' | 'limit' | 'window', unknown>
  >
  const short = algorithm !== undefined || limit !== undefined || window !== undefined
  if (policies !== undefined && short) {
    throw new TypeError(`${owner} takes either policies, or one limit and window, or one algorithm: not both`)
  }
  if (policies !== undefined) return policyList(policies)
  if (algorithm !== undefined && (limit !== undefined || window !== undefined)) {
    throw new TypeError(`${owner} takes either an algorithm or a limit and window: not both`)
  }
  if (algorithm !== undefined)
    return [{ name: 'default', algorithm: checkedAlgorithm('algorithm', algorithm) }]
  if (!short) {
    throw new TypeError(`${owner} needs a limit, such as { limit: 100, window: '1m' }, or a list of policies`)
  }
  return [
    { name: 'default', algorithm: slidingWindow({ limit: limit as number, window: window as Duration }) },
  ]
}

function policyList(policies: unknown): PolicyOptions[] {
  if (!Array.isArray(policies) || policies.length === 0) {
    throw new TypeError(`policies must be a list of at least one { name, algorithm }, got ${shown(policies)}`)
  }
  const seen = new Set<string>()
  return policies.map((policy: PolicyOptions, index) => {
    const path = `policies[${index}]`
    knownOptions(path, policy, ['name', 'algorithm', 'mode'])
    const name = checkedName(`${path}.name`, policy.name)
    if (seen.has(name)) throw new TypeError(`${path}.name must not be there twice, got ${shown(name)} again`)
    seen.add(name)
    const mode = oneOf(`${path}.mode`, policy.mode ?? 'enforce', ['enforce', 'shadow'])
    return { name, mode, algorithm: checkedAlgorithm(`${path}.algorithm`, policy.algorithm) }
  })
}
