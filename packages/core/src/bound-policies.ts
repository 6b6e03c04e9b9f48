import type { Algorithm, PolicyMode } from './algorithm.ts'
import { refuse, shown } from './check.ts'
import type { Slot, Store } from './store.ts'

/** A policy whose kind of algorithm changed: what was used under the old kind does not count under the new one. */
export interface PolicyReset {
  readonly policy: string
  readonly from: string
  readonly to: string
}

/** A policy before it is bound; without an algorithm of its own where each call brings one. */
export interface UnboundPolicy {
  name: string
  mode?: PolicyMode
  /** The lowest first. */
  warnAt?: readonly number[]
  algorithm?: Algorithm | undefined
}

/** A policy as a limiter has it. */
export interface PolicyInfo<Name extends string = string> {
  readonly name: Name
  readonly mode: PolicyMode
  /** The kind of its algorithm; `undefined`, as the figures, where each call brings its own algorithm. */
  readonly kind: string | undefined
  /** Units. */
  readonly limit: number | undefined
  /** Milliseconds. */
  readonly windowMs: number | undefined
  /** The parts of the limit at which `warned` is told, the lowest first. */
  readonly warnAt: readonly number[]
}

/** A policy bound to a store. */
export interface BoundPolicy {
  readonly info: PolicyInfo
  /** Its own algorithm's slot. */
  readonly slot: Slot | undefined
  /** A slot of each kind of algorithm that it had so far: where its keys may have state. */
  readonly kinds: ReadonlyMap<string, Slot>
  /**
   * The slot of an algorithm that a call brought, else its own. State is told apart by kind, not by
   * algorithm, so that one made anew for each call costs nothing lasting.
   * @throws TypeError where there is neither
   */
  slotFor(algorithm: Algorithm | undefined): Slot
}

/** Binds a policy to a store. `before` is the policy of the same name that it replaces. */
export function bindPolicy(
  store: Store,
  { name, mode = 'enforce', warnAt = [], algorithm }: UnboundPolicy,
  before: BoundPolicy | undefined,
  onReset: ((event: PolicyReset) => void) | undefined,
): BoundPolicy {
  const kinds = new Map<string, Slot>(before?.kinds)

  function open(opened: Algorithm): Slot {
    const slot = store.open(name, opened)
    kinds.set(opened.kind, slot)
    return slot
  }

  const own = algorithm && open(algorithm)
  const slotFor = (other = algorithm): Slot =>
    other === undefined
      ? refuse(`the algorithm of policy ${shown(name)}`, 'given to decide()', other)
      : own && other === algorithm
        ? own
        : open(other)
  const { kind, limit, windowMs } = algorithm ?? {}
  const from = before?.info.kind
  if (from && kind && from !== kind) onReset?.({ policy: name, from, to: kind })
  return { info: { name, mode, kind, limit, windowMs, warnAt }, slot: own, kinds, slotFor }
}
