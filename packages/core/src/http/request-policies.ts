import type { Algorithm } from '../algorithm.ts'
import { weightedSlidingWindow } from '../algorithms/sliding-window-weighted.ts'
import type { UnboundPolicy } from '../bound-policies.ts'
import { durationMs, functionOf, knownOptions, refuse, shown, wholeNumber } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import { checkedAlgorithm, namedPolicy, ownAlgorithm, POLICY_OPTIONS } from '../policies.ts'
import type { KeyOption } from './framework.ts'
import type { WirePolicy } from './headers/format.ts'
import { keyOption } from './key-option.ts'
import { byIp } from './keys.ts'
import type { ChargeOptions, RequestPolicyOptions } from './options.ts'
import { hmacPartitionKey } from './partition-key.ts'

/** A policy as requests are charged by it: everything checked, nothing optional that has a default. */
export interface RequestPolicy<Args extends readonly unknown[]> {
  readonly name: string
  readonly key: KeyOption<Args>
  readonly cost: number | ((...args: Args) => MaybePromise<number>)
  readonly when: ((...args: Args) => MaybePromise<boolean>) | undefined
  readonly refundWhen: ChargeOptions<Args>['refundWhen']
  readonly settle: ChargeOptions<Args>['settle']
  readonly maxDebt: number | undefined
  /** Which algorithm the request chose; none where the policy has its own. */
  readonly algorithm: ((...args: Args) => MaybePromise<Algorithm>) | undefined
}

/** A policy parsed into its three sides: towards requests, towards the store, and on the wire. */
export interface ParsedPolicy<Args extends readonly unknown[]> {
  readonly name: string
  readonly request: RequestPolicy<Args>
  readonly bound: UnboundPolicy
  readonly wire: WirePolicy
}

export const CHARGE_OPTIONS: readonly string[] = ['key', 'cost', 'when', 'refundWhen', 'settle', 'maxDebt']
export const REQUEST_POLICY_OPTIONS: readonly string[] = [
  ...POLICY_OPTIONS,
  ...CHARGE_OPTIONS,
  'unit',
  'partitionKey',
]

/** Whom, how much and when a policy charges. `at` is where its options stand, for messages. */
export function requestPolicy<Args extends readonly unknown[]>(
  name: string,
  { key = byIp(), cost = 1, when, refundWhen, settle, maxDebt }: ChargeOptions<Args>,
  at: string,
): RequestPolicy<Args> {
  if (maxDebt !== undefined && settle === undefined)
    throw new TypeError(`${at}maxDebt needs settle, which charges into debt`)
  // Nobody would ever be refused, whatever is owed.
  if (settle !== undefined && cost === 0)
    refuse(`${at}cost`, 'an estimate of at least 1 beside settle', cost, 'number')
  return {
    name,
    key: keyOption(`${at}key`, key),
    cost: typeof cost === 'function' ? cost : wholeNumber(`${at}cost`, cost),
    when: functionOf(`${at}when`, when),
    refundWhen: wordOrFunction(`${at}refundWhen`, refundWhen, ['failed', 'successful']),
    settle: wordOrFunction(`${at}settle`, settle, ['bytes']),
    maxDebt: maxDebt === undefined ? undefined : wholeNumber(`${at}maxDebt`, maxDebt),
    algorithm: undefined,
  }
}

/**
 * Parses one policy. `at` is where its options stand, for messages.
 * @throws TypeError, RangeError for what is missing, out of range or contradicts itself
 */
export function parsePolicy<Args extends readonly unknown[]>(
  policy: RequestPolicyOptions<Args>,
  at: string,
): ParsedPolicy<Args> {
  const named = namedPolicy(policy, at)
  const { name } = named
  const chosen = chosenAlgorithm(policy, at)
  const own = chosen === undefined ? ownAlgorithm(policy, at) : undefined
  if (own?.hold && policy.settle !== undefined)
    throw new TypeError(`${at}settle does not go with slots of concurrency(), which all come back`)
  const { unit } = policy
  if (unit !== undefined && (typeof unit !== 'string' || !/^[ -~]+$/.test(unit)))
    refuse(`${at}unit`, 'printable ASCII characters', unit)
  return {
    name,
    request: { ...requestPolicy(name, policy, at), algorithm: chosen },
    bound: { ...named, algorithm: own },
    wire: { name, ...(unit && { unit }), partitionKey: parsePartitionKey(policy.partitionKey, at) },
  }
}

/** The value, if it is one of a list, a function or not there. */
function wordOrFunction<T>(option: string, value: T, words: readonly string[]): T {
  const isRight = value === undefined || typeof value === 'function' || words.includes(value as string)
  return isRight ? value : refuse(option, `${words.map(shown).join(', ')} or a function`, value)
}

/** The function by which requests choose the algorithm, where there is one. */
function chosenAlgorithm<Args extends readonly unknown[]>(
  { algorithm, limit, window }: RequestPolicyOptions<Args>,
  at: string,
): ((...args: Args) => MaybePromise<Algorithm>) | undefined {
  if (typeof algorithm === 'function') {
    return (...args) => after(algorithm(...args), (chosen) => checkedAlgorithm(`${at}algorithm`, chosen))
  }
  if (typeof limit !== 'function' || algorithm !== undefined) return undefined
  const ofLimit = windowsByLimit(durationMs(`${at}window`, window), `${at}limit`)
  return (...args) => after(limit(...args), ofLimit)
}

/** Sliding windows of one length by their limit, kept from request to request. */
function windowsByLimit(windowMs: number, option: string): (limit: number) => Algorithm {
  const known = new Map<number, Algorithm>()
  return (limit) => {
    const found = known.get(limit)
    if (found !== undefined) return found
    const made = weightedSlidingWindow(wholeNumber(option, limit), windowMs)
    // There are as many limits as plans. Where somebody computes them, it does not matter which are forgotten.
    if (known.size >= 1000) known.clear()
    known.set(limit, made)
    return made
  }
}

function parsePartitionKey(option: unknown, at: string): WirePolicy['partitionKey'] {
  if (option === undefined) return undefined
  // Whoever forgets the braces gives the secret itself, which no message may show.
  if (Object(option) !== option) refuseType(`what ${at}partitionKey takes`, 'an object', option)
  knownOptions(`${at}partitionKey`, option, ['secret'])
  const { secret } = option as { secret?: unknown }
  const path = `${at}partitionKey.secret`
  return typeof secret === 'string' || secret instanceof Uint8Array
    ? hmacPartitionKey(secret, path)
    : refuseType(path, 'text or bytes', secret)
}

/** Refuses a value that may be a secret. */
function refuseType(option: string, must: string, value: unknown): never {
  throw new TypeError(`${option} must be ${must}, got ${value === null ? 'null' : typeof value}`)
}
