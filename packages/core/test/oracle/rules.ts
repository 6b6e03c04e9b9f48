/** What the oracle needs to know of an algorithm: nothing but the rule by which it counts. */

/**
 * The rules of one kind of algorithm with parameters `P` and what it knows of a key, `S`. Values of `S` are
 * never changed in place. Counts are exact integers of any size; times are whole milliseconds.
 */
export interface Rules<P, S> {
  /** What is known of a key never seen. */
  readonly nothing: S
  limit(params: P): number
  /** The span from which `patience` follows. */
  windowMs(params: P): number
  /** Whether nothing of it matters any more by the parameters that it was counted under. */
  over(state: S, now: number): boolean
  /** Moved to `now` when it is from more than `patience` ahead, else the same value. */
  moved(state: S, params: P, now: number, patience: number): S
  /** As these parameters see it; the same value when it was counted under them. */
  under(state: S, params: P, now: number): S
  /** Whether a cost above 0 would fit now. The state is already seen under these parameters, here and below. */
  fits(state: S, params: P, now: number, cost: bigint): boolean
  charged(state: S, params: P, now: number, cost: bigint): S
  refunded(state: S, now: number, cost: bigint, at: number): S
  /** The same with its time brought up to now, where a state can tell. */
  touched?(state: S, now: number): S
  /** Only where quotas move: the most that a key can ever have. */
  mostOf?(params: P): bigint
  /** Only where quotas move: the one of now, if it is told. */
  quota?(state: S, params: P, now: number): bigint | undefined
  /** Only where a cost can fit for a while and then no more: when that may change, in order. */
  changes?(state: S, params: P, now: number): readonly number[]
  /** Only where it is not simply the time until nothing matters any more. */
  resetMs?(state: S, params: P, now: number, retryAfterMs: number): number
}

/** Units counted at a time. */
export interface Hit {
  readonly at: number
  readonly units: bigint
}

/** The units of all hits for which `when` holds. */
export function sum(hits: readonly Hit[], when: (at: number) => boolean): bigint {
  return hits.reduce((total, hit) => (when(hit.at) ? total + hit.units : total), 0n)
}

/** The hits without up to `cost` units of those for which `when` holds. */
export function without(hits: readonly Hit[], cost: bigint, when: (at: number) => boolean): Hit[] {
  let left = cost
  const rest = hits.map((hit) => {
    if (!when(hit.at)) return hit
    const gone = hit.units < left ? hit.units : left
    left -= gone
    return { at: hit.at, units: hit.units - gone }
  })
  return rest.filter((hit) => hit.units > 0n)
}

/** Rounded up. */
export function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}

/** The last multiple of `step` that is not after `t`. */
export function edge(t: number, step: number): number {
  return Math.floor(t / step) * step
}
