import type { Decision, PolicyDecision } from '../algorithm.ts'
import { oneOf, refuse } from '../check.ts'
import { after, all, type MaybePromise } from '../maybe-promise.ts'
import { reaches } from '../thresholds.ts'
import {
  type Announced,
  type Format,
  hasWindow,
  type PartitionKeys,
  type ResponseHeaders,
  type WirePolicy,
} from './headers/format.ts'
import { wireSeconds } from './headers/figures.ts'
import { announce, listFormat } from './headers/list.ts'
import { singleFormat, type SingleShape } from './headers/single.ts'

export type { PartitionKeys, ResponseHeaders, WirePolicy } from './headers/format.ts'

/**
 * A generation of rate-limit header fields. `draft-8` to `draft-11` share one wire form; `legacy` is
 * X-RateLimit-* with the reset in epoch seconds, `legacy-delta` the same with the reset in seconds from now.
 */
export type HeaderFormat =
  | 'draft-11'
  | 'draft-10'
  | 'draft-9'
  | 'draft-8'
  | 'draft-7'
  | 'draft-6'
  | 'draft-3'
  | 'legacy'
  | 'legacy-delta'

/**
 * The formats to send: at most one draft and one legacy form; default `['draft-11', 'legacy']`. `false` sends
 * none, but a denial still carries Retry-After: that is no rate-limit field.
 */
export type HeadersOption = HeaderFormat | readonly HeaderFormat[] | false

/** Writes decisions into the header fields of responses. */
export interface HeaderWriter {
  /**
   * Writes the decision's standing and, when it is denied, Retry-After; merged with what an earlier limiter
   * wrote on the same response. Policies in shadow mode, and those without a limit, never show.
   */
  write(
    decision: Decision,
    nowEpochMs: number,
    response: ResponseHeaders,
    partitionKeys?: PartitionKeys,
  ): void
  /** The fields that scripts of other origins must be allowed to read, whatever the response's status. */
  readonly names: readonly string[]
}

/** How a format shows the one policy that it has room for; nothing for those that list all. */
const SHAPES: Record<HeaderFormat, SingleShape | undefined> = {
  'draft-11': undefined,
  'draft-10': undefined,
  'draft-9': undefined,
  'draft-8': undefined,
  'draft-7': { quotas: 'apart' },
  'draft-6': { prefix: 'RateLimit-', quotas: 'apart' },
  'draft-3': { prefix: 'RateLimit-', quotas: 'behind-limit' },
  legacy: { prefix: 'X-RateLimit-', used: true, epoch: true },
  'legacy-delta': { prefix: 'X-RateLimit-', used: true },
}

/** Clients of other APIs know it; no standard has it. */
const nearField = 'X-RateLimit-NearLimit'

/**
 * Makes the writer for a set of policies; decisions may name other policies too.
 * @throws TypeError for an unknown format, or two forms of one field
 */
export function createHeaderWriter(
  option: HeadersOption = ['draft-11', 'legacy'],
  wire: readonly WirePolicy[],
): HeaderWriter {
  const known = new Map(wire.map((policy) => [policy.name, announce(policy)]))
  const announced = ({ name }: PolicyDecision): Announced => known.get(name) ?? announce({ name })

  const chosen = option === false ? [] : [option].flat()
  const formats = chosen.map((name): Format => {
    oneOf('headers', name, Object.keys(SHAPES))
    const shape = SHAPES[name]
    return shape ? singleFormat(shape) : listFormat
  })
  // Two drafts would give one field name two grammars.
  if (new Set(chosen.map((name) => name[0])).size < chosen.length) {
    refuse('headers', 'at most one draft and one legacy form', chosen.join(' and '))
  }

  const nearAt = new Map(wire.map((policy) => [policy.name, policy.nearAt]))
  const tellsNear = formats.length > 0 && wire.some((policy) => policy.nearAt !== undefined)
  function isNear({ name, limit, used }: PolicyDecision): boolean {
    const threshold = nearAt.get(name)
    return threshold !== undefined && reaches(used, threshold, limit)
  }

  return {
    names: [...formats.flatMap((format) => format.names), ...(tellsNear ? [nearField] : []), 'Retry-After'],
    write(decision, nowEpochMs, response, keys) {
      const policies = decision.policies.filter(({ mode, limit }) => mode === 'enforce' && limit < Infinity)
      const windowed = policies.filter(hasWindow)
      const standing = { policies, windowed, announced, partitionKeys: keys, nowEpochMs }
      for (const format of formats) format.write(standing, response)
      if (tellsNear && policies.some(isNear)) response.set(nearField, 'true')
      if (!decision.allowed) writeRetryAfter(waitMs(decision, policies, windowed), response)
    },
  }
}

/** The partition keys to show for a decision; nothing is computed where no policy shows any. */
export function partitionKeys(
  { policies }: Decision,
  wire: readonly WirePolicy[],
): MaybePromise<PartitionKeys> | undefined {
  if (!wire.some(({ partitionKey }) => partitionKey)) return undefined
  const keys = policies.map(({ name, key }) => wire.find((one) => one.name === name)?.partitionKey?.(key))
  return after(all(keys), (shownKeys) => new Map(policies.map(({ name }, index) => [name, shownKeys[index]])))
}

/** Nobody knows when a slot comes free; but the other policies' wait is known, and so is one without end. */
function waitMs(
  { retryAfterMs }: Decision,
  policies: readonly PolicyDecision[],
  windowed: readonly PolicyDecision[],
): number {
  const needsSlot = policies.some((policy) => !policy.allowed && !windowed.includes(policy))
  if (!needsSlot || retryAfterMs === Infinity) return retryAfterMs
  return Math.max(0, ...windowed.map((policy) => policy.retryAfterMs)) || Infinity
}

function writeRetryAfter(wait: number, response: ResponseHeaders): void {
  // 0 would make clients that obey it retry in a tight loop.
  const seconds = Math.max(1, wireSeconds(wait))
  const isLater = seconds < Infinity && !(Number(response.get('Retry-After')) >= seconds)
  if (isLater) response.set('Retry-After', `${seconds}`)
}
