import type { Algorithm, PolicyMode } from './algorithm.ts'
import { weightedSlidingWindow } from './algorithms/sliding-window-weighted.ts'
import type { UnboundPolicy } from './bound-policies.ts'
import { parseThresholds } from './thresholds.ts'
import { type Duration, durationMs, excludes, knownOptions, oneOf, refuse, wholeNumber } from './check.ts'

/** How a policy counts: by an algorithm of your choice, or `limit` units per `window` in a sliding window. */
export type PolicyAlgorithm =
  | {
      /** `tokenBucket(...)`, `slidingWindow(...)` and so on. */
      algorithm: Algorithm
    }
  | {
      /** Units per window. A whole number from 0. */
      limit: number
      /** How long the window is, from 1 ms to 10 years. */
      window: Duration
    }

/** One limit of a limiter. */
export type PolicyOptions<Name extends string = string> = PolicyAlgorithm & {
  /** Tells the policy from others in keys, headers and decisions: 1 to 100 printable ASCII characters. Default `'default'`. */
  name?: Name
  /** `'enforce'` (default), or `'shadow'`: counts and reports, never refuses. */
  mode?: PolicyMode
  /**
   * The part of the limit at which the event `warned` is told and clients see `X-RateLimit-NearLimit: true`: above 0 and
   * at most 1, or several. Default: none.
   */
  warnAt?: number | readonly number[]
}

/** Several policies, decided together. */
export interface PolicyList<Name extends string> {
  policies: readonly PolicyOptions<Name>[]
}

export const POLICY_OPTIONS: readonly string[] = ['name', 'algorithm', 'limit', 'window', 'mode', 'warnAt']

/**
 * The value, if it is an algorithm, whoever wrote it: what counts is that it can look at a state.
 * @throws TypeError that says how to make one
 */
export function checkedAlgorithm(option: string, value: unknown): Algorithm {
  return typeof (value as Partial<Algorithm> | null | undefined)?.look === 'function'
    ? (value as Algorithm)
    : refuse(option, 'an algorithm such as tokenBucket()', value)
}

/** A policy's options, before they are checked. */
type Unchecked = Partial<Record<'name' | 'mode' | 'warnAt' | 'algorithm' | 'limit' | 'window', unknown>>

/**
 * A policy's algorithm. `at` is where its options stand, for messages.
 * @throws TypeError, RangeError
 */
export function ownAlgorithm({ algorithm, limit, window }: Unchecked, at: string): Algorithm {
  return algorithm === undefined
    ? weightedSlidingWindow(wholeNumber(`${at}limit`, limit), durationMs(`${at}window`, window))
    : checkedAlgorithm(`${at}algorithm`, algorithm)
}

/** A policy without its algorithm. `at` is where its options stand, for messages. */
export function namedPolicy(
  { name = 'default', mode = 'enforce', warnAt }: Unchecked,
  at: string,
): UnboundPolicy {
  return {
    // Keys and header fields have to carry it.
    name:
      typeof name === 'string' && /^[ -~]{1,100}$/.test(name)
        ? name
        : refuse(`${at}name`, '1 to 100 printable ASCII characters', name),
    mode: oneOf(`${at}mode`, mode, ['enforce', 'shadow']),
    warnAt: parseThresholds(`${at}warnAt`, warnAt),
  }
}

/**
 * The policies that options say in a list, or in short for one. `known` are the options of one policy.
 * @throws TypeError, RangeError for what is missing, unknown, out of range, or there twice
 */
export function parsePolicies<T>(
  options: Unchecked & { policies?: unknown },
  known: readonly string[],
  parse: (policy: Unchecked, at: string) => T & { name: string },
): T[] {
  const { policies } = options
  excludes(options, 'policies', known)
  const list = policies === undefined ? [options] : policies
  if (!Array.isArray(list) || list.length === 0) refuse('policies', 'a list of at least one policy', policies)
  const seen = new Set<string>()
  return (list as Unchecked[]).map((policy, index) => {
    const owner = `policies[${index}]`
    const at = policies ? `${owner}.` : ''
    if (at) knownOptions(owner, policy, known)
    excludes(policy, 'algorithm', ['limit', 'window'])
    const parsed = parse(policy, at)
    if (seen.size === seen.add(parsed.name).size) refuse(`${at}name`, 'there once', parsed.name)
    return parsed
  })
}

/** The policies of a limiter, from its options. */
export function limiterPolicies(
  owner: string,
  options: object,
  settings: readonly string[],
): UnboundPolicy[] {
  knownOptions(owner, options, [...settings, 'policies', ...POLICY_OPTIONS])
  return parsePolicies(options, POLICY_OPTIONS, (policy, at) => ({
    ...namedPolicy(policy, at),
    algorithm: ownAlgorithm(policy, at),
  }))
}
