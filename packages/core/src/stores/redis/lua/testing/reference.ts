/** What the memory store decides about one charge, on a key that nothing else forgets, and what it keeps. */

import type { Algorithm } from '../../../../algorithm.ts'
import type { Charge } from '../../../../store.ts'

export interface Reference {
  /** Fills in the charge's answer, and tells whether the call was allowed. */
  decide(algorithm: Algorithm, charge: Charge, nowMs: number): boolean
  /** How long a take of this cost would have to wait. */
  waitMs(algorithm: Algorithm, cost: number, nowMs: number): number
  /** What is stored, and for how long; nothing before the first charge. */
  stored(): { readonly text: string; readonly ttlMs: number } | undefined
}

/** @param unreadable what is stored at first, where that is a text that no state encodes to */
export function reference(unreadable?: string): Reference {
  let state: object | undefined
  const first = unreadable === undefined ? undefined : { text: unreadable, ttlMs: 0 }
  let kept = first

  function keep(algorithm: Algorithm, nowMs: number): void {
    const now = state as object
    kept = { text: algorithm.encode(now), ttlMs: Math.max(1, algorithm.ttlMs(now, nowMs)) }
  }

  /** For who takes nothing: lists of a state are replaced, never changed. */
  const copied = (): object | undefined => state && { ...state }

  return {
    decide(algorithm, charge, nowMs) {
      const { kind, cost, at, upTo, withinMs } = charge
      const takes = cost > 0 && kind !== 'ask' && kind !== 'refund'
      if (first && kept === first) state = algorithm.decode('')
      if (state && kind === 'refund') {
        algorithm.refund(state, nowMs, cost, at)
        keep(algorithm, nowMs)
      }
      const seen = (takes ? state : copied()) ?? algorithm.fresh(nowMs)
      const isConverted = state !== undefined && algorithm.adopt(seen, nowMs) && takes
      if (isConverted) keep(algorithm, nowMs)
      algorithm.look(seen, nowMs, kind === 'refund' ? 0 : cost, charge)
      if (charge.retryAfterMs <= withinMs) charge.allowed = true
      const { allowed, retryAfterMs } = charge
      const agreed = allowed || kind === 'shadow' || kind === 'force'
      const isMade = takes && agreed && (allowed || kind === 'force')
      if (!allowed && !isMade) return agreed
      if (isMade) {
        if (upTo > 0) {
          algorithm.look(seen, nowMs, 0, charge)
          charge.cost = Math.max(cost, Math.min(upTo, Math.floor(charge.remaining / 8)))
        }
        algorithm.charge(seen, nowMs, charge.cost)
        state = seen
        keep(algorithm, nowMs)
        if (kind === 'take' && upTo + retryAfterMs === 0) return agreed
      }
      algorithm.look(seen, nowMs, 0, charge)
      charge.allowed = allowed
      charge.retryAfterMs = retryAfterMs
      return agreed
    },

    waitMs(algorithm, cost, nowMs) {
      const seen = copied()
      if (seen) algorithm.adopt(seen, nowMs)
      const out = { allowed: false, remaining: 0, retryAfterMs: 0, resetMs: 0 }
      algorithm.look(seen ?? algorithm.fresh(nowMs), nowMs, cost, out)
      return out.retryAfterMs
    },

    stored: () => kept,
  }
}
