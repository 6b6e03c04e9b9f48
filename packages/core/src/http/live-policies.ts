import type { PolicyInfo } from '../bound-policies.ts'
import type { Limiter } from '../limiter-types.ts'
import type { WirePolicy } from './headers.ts'
import { createResponseWriter, type ResponseWriter } from './response-headers.ts'

/** A limiter's policies at one moment, and what follows from them. */
export interface LivePolicies {
  readonly policies: readonly PolicyInfo[]
  readonly wire: readonly WirePolicy[]
  readonly writer: ResponseWriter
  /** Whether a decision may hold slots; who knows what a request chooses. */
  readonly holdsSlots: boolean
}

/**
 * Follows a limiter, whose `update` may replace its policies at any time. `known` is what a middleware's options say of
 * policies on the wire.
 * @returns what gives the policies as they are now
 */
export function followPolicies(
  limiter: Limiter,
  known: readonly WirePolicy[],
  settings: Parameters<typeof createResponseWriter>[0],
): () => LivePolicies {
  function read(policies: readonly PolicyInfo[]): LivePolicies {
    const wire = policies.map(({ name, mode, warnAt }) => ({
      name,
      // What never shows is nobody's to allow scripts to read.
      nearAt: mode === 'enforce' ? warnAt[0] : undefined,
      ...known.find((policy) => policy.name === name),
    }))
    return {
      policies,
      wire,
      writer: createResponseWriter(settings, wire),
      holdsSlots: policies.some(({ kind }) => kind === 'concurrency' || kind === undefined),
    }
  }

  let live = read(limiter.policies)
  return () => {
    const { policies } = limiter
    // An update replaces all of them.
    if (policies[0] !== live.policies[0]) live = read(policies)
    return live
  }
}
