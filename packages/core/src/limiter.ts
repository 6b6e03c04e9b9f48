import type { Algorithm, Decision } from './algorithm.ts'
import { type BoundPolicy, bindPolicy, type UnboundPolicy } from './bound-policies.ts'
import { functionOf, knownOptions, oneOf, refuse, shown, wholeNumber } from './check.ts'
import { claimNames } from './claims.ts'
import { chargeOf, type PolicyCall, refundOf } from './charges.ts'
import { decisionOf } from './decision.ts'
import {
  type Held,
  type Limiter,
  type LimiterOptions,
  type LimiterSettings,
  type PolicyInfo,
  SETTINGS,
} from './limiter-types.ts'
import { watchUse } from './made-per-request.ts'
import { after, all, type MaybePromise } from './maybe-promise.ts'
import { limiterPolicies } from './policies.ts'
import { createReceipts } from './receipts.ts'
import type { In, Mode, Ruling, Slot, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { byPolicy, type Cost, type CostOptions, type Target } from './targets.ts'

/**
 * Makes a limiter: policies bound to a store, decided together.
 *
 * Its calls answer at once where the store does (memory), else with promises. A denial is a value; a store's failure
 * rejects.
 * @throws TypeError, RangeError for options that are unknown, missing or out of range; Error when another limiter on
 * the store has a policy of the same name
 */
export function createLimiter<M extends Mode = 'sync', const Name extends string = 'default'>(
  options: LimiterOptions<M, Name>,
): Limiter<M, Name> {
  return limiterOf(limiterPolicies('createLimiter', options, SETTINGS), options)
}

/** A limiter of policies that were checked; those without an algorithm need one in each `decide`. */
export function limiterOf<M extends Mode, Name extends string>(
  unbound: readonly UnboundPolicy[],
  { store: given, shared, on = {} }: LimiterSettings<M>,
): Limiter<M, Name> {
  if (given !== undefined && typeof given?.take !== 'function')
    refuse('store', 'a store such as memoryStore()', given)
  knownOptions('on', on, ['policyReset'])
  const onReset = on.policyReset && functionOf('on.policyReset', on.policyReset)
  const mayShare = oneOf('shared', shared ?? false, [true, false])
  const store = given ?? (memoryStore() as Store as Store<M>)
  const isSync = store.mode === 'sync'

  let policies: ReadonlyMap<string, BoundPolicy> = new Map()
  let bound: readonly BoundPolicy[] = []
  let infos: readonly PolicyInfo<Name>[] = []
  let release = (): void => undefined
  let isClosed = false
  const receipts = createReceipts(() => policies)
  const held = new Set<() => MaybePromise<void>>()
  bind(unbound)
  let watched = given === undefined ? watchUse([...policies.keys()].join(', ')) : undefined

  function bind(list: readonly UnboundPolicy[]): void {
    const names = list.map(({ name }) => name)
    release()
    try {
      release = claimNames(store, names, mayShare)
      bound = list.map((policy) => bindPolicy(store, policy, policies.get(policy.name), onReset))
    } catch (error) {
      release()
      release = claimNames(store, [...policies.keys()], true)
      throw error
    }
    const before = policies
    policies = new Map(bound.map((policy) => [policy.name, policy]))
    infos = bound.map(infoOf<Name>)
    if ([...before.values()].some(isOther)) receipts.noteAll(before)
  }

  /** Whether charges made under a policy would not be found under the one that has its name now. */
  function isOther({ name, kind, windowMs, slot }: BoundPolicy): boolean {
    const now = policies.get(name)
    // A held slot is found by its own time to live.
    return kind !== now?.kind || (slot?.algorithm.hold !== undefined && windowMs !== now?.windowMs)
  }

  /** Counts a use, and refuses it once closed. */
  function use(): void {
    if (isClosed) throw new Error('this limiter is closed')
    if (watched !== undefined && !watched()) watched = undefined
  }

  function named(name: string): BoundPolicy {
    const policy = policies.get(name)
    if (policy === undefined) throw new TypeError(`no policy is named ${shown(name)}`)
    return policy
  }

  const isKnown = (name: string): boolean => policies.has(name)

  function callOf(
    policy: BoundPolicy,
    key: string,
    cost: number,
    ask: boolean,
    algorithm?: Algorithm,
  ): PolicyCall {
    if (typeof key !== 'string' || key === '') {
      refuse(`the key for policy '${policy.name}'`, 'text, not empty', key)
    }
    wholeNumber('cost', cost)
    const kind = ask ? 'ask' : policy.mode === 'shadow' ? 'shadow' : 'take'
    return chargeOf(kind, { slot: policy.slotFor(algorithm), key, cost }, policy.mode)
  }

  /** A call of each policy that applies to a target. */
  function callsOf(
    target: Target<string>,
    options: CostOptions<string> | undefined,
    ask: boolean,
  ): PolicyCall[] {
    const keyOf = byPolicy('key', target, isKnown)
    const costOf = byPolicy('cost', costIn(options) ?? 1, isKnown)
    const calls: PolicyCall[] = []
    for (const policy of bound) {
      const key = keyOf(policy.name)
      if (key !== undefined) calls.push(callOf(policy, key, costOf(policy.name) ?? 1, ask))
    }
    return calls
  }

  function run(calls: readonly PolicyCall[], ask: boolean): MaybePromise<Decision> {
    use()
    return after(store.take(calls), (ruling: Ruling) => {
      // A shadow policy that is asked has a veto in the store, but not here.
      const allowed = ask ? calls.every((call) => call.allowed || call.mode === 'shadow') : ruling.allowed
      const decision = decisionOf(calls, allowed, ruling)
      if (!ask) receipts.note(decision, calls)
      return decision
    })
  }

  const forget = ({ kinds }: BoundPolicy, key: string | undefined): MaybePromise<unknown> =>
    all([...kinds.values()].map((slot) => store.forget(slot, key)))

  function holdSlots(decision: Decision): Held<M> {
    const slots = receipts.charged(decision).filter(holds)
    const free = slots[0]?.slot.algorithm.hold?.(store, slots, decision.at)
    if (free) held.add(free)
    return { decision, release: () => give(free && held.delete(free) ? free() : undefined) }
  }

  /** Every answer comes the way that the store's answers come. */
  const give = <T>(value: MaybePromise<T>): In<M, T> => (isSync ? value : Promise.resolve(value)) as In<M, T>
  const done = (value: MaybePromise<unknown>): In<M, void> => give(after(value, () => undefined))

  return {
    store,
    get policies() {
      return infos
    },
    take: (target, options) => give(run(callsOf(target, options, false), false)),
    peek: (target, options) => give(run(callsOf(target, options, true), true)),
    decide(charges) {
      const calls = charges.map(({ policy, key, cost = 1, algorithm }) =>
        callOf(named(policy), key, cost, false, algorithm),
      )
      refuseTwins(calls)
      return give(run(calls, false))
    },
    refund(decision, options) {
      use()
      const back = receipts.refundable(decision, costIn(options))
      return done(
        back.length > 0 ? store.take(back.map((receipt) => refundOf(receipt, decision.at))) : undefined,
      )
    },
    reset(target) {
      use()
      if (Array.isArray((target as Decision | undefined)?.policies)) {
        return done(all((target as Decision).policies.map(({ name, key }) => forget(named(name), key))))
      }
      const keyOf = byPolicy('key', target as Target<string>, isKnown)
      const keyed = bound.filter(({ name }) => keyOf(name) !== undefined)
      return done(all(keyed.map((policy) => forget(policy, keyOf(policy.name)))))
    },
    resetAll() {
      use()
      return done(all(bound.map((policy) => forget(policy, undefined))))
    },
    acquire(target, options) {
      if (!bound.some(({ slot }) => slot && holds({ slot })))
        throw new TypeError('acquire() needs a concurrency policy')
      return give(after(run(callsOf(target, options, false), false), holdSlots))
    },
    hold: holdSlots,
    update(next) {
      use()
      bind(limiterPolicies('update', next, []))
    },
    async close() {
      if (isClosed) return
      isClosed = true
      release()
      await all([...held].map((free) => free()))
      if (given === undefined) await store.close?.()
    },
  }
}

const infoOf = <Name extends string>({
  name,
  mode,
  kind,
  limit,
  windowMs,
}: BoundPolicy): PolicyInfo<Name> => ({
  name: name as Name,
  mode,
  kind,
  limit,
  windowMs,
})

function costIn(options: CostOptions<string> | undefined): Cost<string> | undefined {
  if (options !== undefined) knownOptions('a call', options, ['cost'])
  return options?.cost
}

const holds = ({ slot }: { slot: Slot }): boolean => slot.algorithm.hold !== undefined

/** One key of one policy can be charged only once in a call: both charges would be looked at side by side. */
function refuseTwins(calls: readonly PolicyCall[]): void {
  calls.forEach(({ slot, key }, index) => {
    if (calls.findIndex((call) => call.slot.name === slot.name && call.key === key) === index) return
    throw new TypeError(`policy ${shown(slot.name)} is charged twice for one key: add up the costs`)
  })
}
