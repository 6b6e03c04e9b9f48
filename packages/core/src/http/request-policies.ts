import type { Algorithm, PolicyMode } from '../algorithm.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import type { UnboundPolicy } from '../bound-policies.ts'
import { type Duration, durationMs, knownOptions, oneOf, shown, wholeNumber } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import { checkedAlgorithm, checkedName } from '../policies.ts'
import type { KeyOption } from './framework.ts'
import { concurrentRequests, type WirePolicy } from './headers/format.ts'
import { byIp, checkFunction, checkKey } from './keys.ts'
import type { ChargeOptions, RequestPolicyOptions } from './options.ts'
import { hmacPartitionKey } from './partition-key.ts'

/** A policy as requests are charged by it: everything checked, nothing optional that has a default. */
export interface RequestPolicy<Args extends readonly unknown[]> {
  readonly name: string
  readonly key: KeyOption<Args>
  readonly cost: number | ((...args: Args) => MaybePromise<number>)
  readonly when: ((...args: Args) => MaybePromise<boolean>) | undefined
  /** Which algorithm the request chose; none where the policy has its own. */
  readonly algorithm: ((...args: Args) => MaybePromise<Algorithm>) | undefined
}

/** A policy parsed into its three sides: towards requests, towards the store, and on the wire. */
export interface ParsedPolicy<Args extends readonly unknown[]> {
  readonly request: RequestPolicy<Args>
  readonly bound: UnboundPolicy
  readonly wire: WirePolicy
}

export const CHARGE_OPTIONS = ['key', 'cost', 'when']
export const POLICY_OPTIONS = [
  ...CHARGE_OPTIONS,
  'name',
  'algorithm',
  'limit',
  'window',
  'mode',
  'unit',
  'partitionKey',
]

/** The parts of a policy that concern requests. `at` is where its options stand, for messages. */
export function requestPolicy<Args extends readonly unknown[]>(
  name: string,
  { key = byIp(), cost = 1, when }: ChargeOptions<Args>,
  at: string,
): RequestPolicy<Args> {
  checkKey(`${at}key`, key)
  if (typeof cost !== 'function') wholeNumber(`${at}cost`, cost)
  if (when !== undefined) checkFunction(`${at}when`, when)
  return { name, key, cost, when, algorithm: undefined }
}

/**
 * Parses a list of policies.
 * @throws TypeError, RangeError for what is missing, unknown, out of range, or there twice
 */
export function parsePolicyList<Args extends readonly unknown[]>(
  policies: readonly RequestPolicyOptions<Args>[],
): ParsedPolicy<Args>[] {
  if (!Array.isArray(policies) || policies.length === 0) {
    throw new TypeError(`policies must be a list of at least one policy, got ${shown(policies)}`)
  }
  const parsed = policies.map((policy: RequestPolicyOptions<Args>, index) => {
    knownOptions(`policies[${index}]`, policy, POLICY_OPTIONS)
    return parsePolicy(policy, `policies[${index}].`)
  })
  const names = parsed.map(({ request }) => request.name)
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice < 0) return parsed
  throw new TypeError(`policies[${twice}].name must not be there twice, got ${shown(names[twice])} again`)
}

/** Parses one policy. `at` is where its options stand, for messages. */
export function parsePolicy<Args extends readonly unknown[]>(
  policy: RequestPolicyOptions<Args>,
  at: string,
): ParsedPolicy<Args> {
  const name = checkedName(`${at}name`, policy.name ?? 'default')
  const mode: PolicyMode = oneOf(`${at}mode`, policy.mode ?? 'enforce', ['enforce', 'shadow'])
  const algorithm = parseAlgorithm(policy, at)
  const own = typeof algorithm === 'function' ? undefined : algorithm
  const unit = policy.unit ?? (own?.kind === 'concurrency' ? concurrentRequests : undefined)
  return {
    request: {
      ...requestPolicy(name, policy, at),
      algorithm: typeof algorithm === 'function' ? algorithm : undefined,
    },
    bound: { name, mode, algorithm: own },
    wire: { name, unit, partitionKey: parsePartitionKey(policy.partitionKey, at) },
  }
}

type AlgorithmOption<Args extends readonly unknown[]> =
  | Algorithm
  | ((...args: Args) => MaybePromise<Algorithm>)

function parseAlgorithm<Args extends readonly unknown[]>(
  { algorithm, limit, window }: RequestPolicyOptions<Args>,
  at: string,
): AlgorithmOption<Args> {
  if (algorithm !== undefined) {
    if (limit !== undefined || window !== undefined) {
      throw new TypeError(`${at}algorithm and ${at}limit or window exclude each other: give one`)
    }
    if (typeof algorithm !== 'function') return checkedAlgorithm(`${at}algorithm`, algorithm)
    return (...args) => after(algorithm(...args), (chosen) => checkedAlgorithm(`${at}algorithm`, chosen))
  }
  if (limit === undefined)
    throw new TypeError(`${at}limit is missing: give limit and window, or an algorithm`)
  const windowMs = durationMs(`${at}window`, window)
  if (typeof limit !== 'function')
    return slidingWindow({ limit: wholeNumber(`${at}limit`, limit), window: windowMs })
  const ofLimit = windowsByLimit(windowMs, `${at}limit`)
  return (...args) => after(limit(...args), ofLimit)
}

/** Sliding windows of one length by their limit, kept from request to request. */
function windowsByLimit(window: Duration, option: string): (limit: number) => Algorithm {
  const known = new Map<number, Algorithm>()
  return (limit) => {
    const found = known.get(limit)
    if (found !== undefined) return found
    const made = slidingWindow({ limit: wholeNumber(option, limit), window })
    // There are as many limits as plans. Where somebody computes them, forgetting all is as good as any order.
    if (known.size >= 1000) known.clear()
    known.set(limit, made)
    return made
  }
}

function parsePartitionKey(option: unknown, at: string): ((key: string) => string) | undefined {
  if (option === undefined) return undefined
  knownOptions(`${at}partitionKey`, option, ['secret'])
  const { secret } = option as { secret?: unknown }
  if (typeof secret === 'string' || secret instanceof Uint8Array) return hmacPartitionKey(secret)
  throw new TypeError(
    `${at}partitionKey.secret must be text or bytes, got ${secret === undefined ? 'nothing' : typeof secret}`,
  )
}
