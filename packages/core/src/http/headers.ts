import type { Decision, PolicyDecision } from '../algorithm.ts'
import { oneOf, shown } from '../check.ts'
import { concurrentRequests, type Format, type ResponseHeaders, type WirePolicy } from './headers/format.ts'
import { wireSeconds } from './headers/figures.ts'
import { isPrintable, listFormat } from './headers/list.ts'
import { dictionaryFormat, fieldsFormat } from './headers/single.ts'

export type { ResponseHeaders, WirePolicy } from './headers/format.ts'

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
  write(decision: Decision, nowEpochMs: number, response: ResponseHeaders): void
  /** The fields that scripts of other origins must be allowed to read, whatever the response's status. */
  readonly names: readonly string[]
}

const FORMATS: Record<HeaderFormat, (policies: readonly WirePolicy[]) => Format> = {
  'draft-11': listFormat,
  'draft-10': listFormat,
  'draft-9': listFormat,
  'draft-8': listFormat,
  'draft-7': () => dictionaryFormat,
  'draft-6': () => fieldsFormat({ prefix: 'RateLimit-', quotas: 'apart' }),
  'draft-3': () => fieldsFormat({ prefix: 'RateLimit-', quotas: 'behind-limit' }),
  legacy: () => fieldsFormat({ prefix: 'X-RateLimit-', used: true, epoch: true }),
  'legacy-delta': () => fieldsFormat({ prefix: 'X-RateLimit-', used: true }),
}

/**
 * Makes the writer for a set of policies; decisions may name other policies too.
 * @throws TypeError for an unknown format, two forms of one field, or a name or unit that is not printable ASCII
 */
export function createHeaderWriter(
  option: HeadersOption = ['draft-11', 'legacy'],
  policies: readonly WirePolicy[],
): HeaderWriter {
  for (const { name, unit = 'requests' } of policies) {
    checkPrintable('policy name', name)
    checkPrintable(`unit of policy ${name}`, unit)
  }
  const chosen = option === false ? [] : [option].flat()
  const formats = chosen.map((name, index) => {
    checkFormat(name, chosen.slice(0, index))
    return FORMATS[name](policies)
  })
  const concurrent = new Set(policies.filter((p) => p.unit === concurrentRequests).map((p) => p.name))
  const isWindowed = ({ name }: PolicyDecision): boolean => !concurrent.has(name)

  return {
    names: [...formats.flatMap((format) => format.names), 'Retry-After'],
    write(decision, nowEpochMs, response) {
      const all = decision.policies
      const visible = all.every(isVisible) ? all : all.filter(isVisible)
      const windowed = visible.every(isWindowed) ? visible : visible.filter(isWindowed)
      for (const format of formats)
        format.write(format.needsWindow ? windowed : visible, nowEpochMs, response)
      if (decision.allowed) return
      const needsSlot = visible.some((policy) => !policy.allowed && !isWindowed(policy))
      writeRetryAfter(needsSlot ? waitBesideSlot(decision, windowed) : decision.retryAfterMs, response)
    },
  }
}

function isVisible({ mode, limit }: PolicyDecision): boolean {
  return mode === 'enforce' && limit < Infinity
}

/** Nobody knows when a slot comes free; but the other policies' wait is known, and so is one without end. */
function waitBesideSlot({ retryAfterMs }: Decision, windowed: readonly PolicyDecision[]): number {
  return retryAfterMs < Infinity ? Math.max(0, ...windowed.map((p) => p.retryAfterMs)) || Infinity : Infinity
}

function writeRetryAfter(waitMs: number, response: ResponseHeaders): void {
  // 0 would make clients that obey it retry in a tight loop.
  const seconds = Math.max(1, wireSeconds(waitMs))
  const isLater = seconds < Infinity && !(Number(response.get('Retry-After')) >= seconds)
  if (isLater) response.set('Retry-After', `${seconds}`)
}

function checkFormat(name: HeaderFormat, earlier: readonly HeaderFormat[]): void {
  oneOf('headers', name, Object.keys(FORMATS))
  const other = earlier.find((format) => format[0] === name[0])
  if (other === name) throw new TypeError(`headers: ${name} is given twice`)
  if (other) throw new TypeError(`headers: ${other} and ${name} together: one field name has two grammars`)
}

function checkPrintable(what: string, text: string): void {
  if (!isPrintable(text)) throw new TypeError(`${what} must be printable ASCII, got ${shown(text)}`)
}
