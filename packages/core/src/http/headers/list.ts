import { effectiveMs, wireCount, wireSeconds } from './figures.ts'
import {
  type Announced,
  type Format,
  hasWindow,
  ownUnit,
  policyField,
  type ResponseHeaders,
  unitsByKind,
  type WirePolicy,
} from './format.ts'

/** Drafts 8 to 11: every policy is a member of two lists, `RateLimit-Policy` and `RateLimit`. */
export const listFormat: Format = {
  names: ['RateLimit', policyField],
  write({ policies, announced, partitionKeys }, response) {
    let quotas = ''
    let standings = ''
    for (const policy of policies) {
      const { name, qu } = announced(policy)
      const isWindowed = hasWindow(policy)
      const ofKind = unitsByKind.get(policy.kind)
      const unit = qu || (ofKind === undefined ? '' : `;qu="${ofKind}"`)
      const w = isWindowed ? `;w=${wireSeconds(policy.windowMs)}` : ''
      const t = isWindowed ? `;t=${wireSeconds(effectiveMs(policy))}` : ''
      const key = partitionKeys?.get(policy.name)
      const pk = key === undefined ? '' : `;pk=:${key}:`
      const comma = quotas && ', '
      quotas += `${comma}${name};q=${wireCount(policy.limit)}${unit}${w}${pk}`
      standings += `${comma}${name};r=${wireCount(policy.remaining)}${t}${pk}`
    }
    append(response, policyField, quotas)
    append(response, 'RateLimit', standings)
  },
}

/** What lists say of a policy on every response. */
export function announce({ name, unit }: WirePolicy): Announced {
  const own = ownUnit(unit)
  return { name: structuredString(name), qu: own === undefined ? '' : `;qu=${structuredString(own)}` }
}

/** Printable ASCII as a structured field carries it (RFC 9651 §3.3.3). */
function structuredString(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

const MEMBER = /(?:^|,)\s*("(?:[^"\\]|\\.)*")((?:;(?:"(?:[^"\\]|\\.)*"|[^",])*)?)(?=,|$)/g
const PARTITION_KEY = /; *pk=(:[^:]*:)/

/**
 * Puts members behind those that are written. A name with the same partition key stands in a list once: the last one
 * wins. What is no member goes, for it would void the whole field.
 */
function append(response: ResponseHeaders, field: string, added: string): void {
  if (!added) return
  const written = response.get(field)
  if (!written) return response.set(field, added)
  const members = new Map<string, string>()
  for (const [, name = '', parameters = ''] of `${written}, ${added}`.matchAll(MEMBER)) {
    members.set(name + PARTITION_KEY.exec(parameters)?.[1], (name + parameters).trim())
  }
  response.set(field, [...members.values()].join(', '))
}
