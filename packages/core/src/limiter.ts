import type { Algorithm, Decision } from './algorithm.ts'
import type { BoundPolicy, UnboundPolicy } from './bound-policies.ts'
import { chargeOf, type PolicyCall, refundOf } from './charges.ts'
import { functionOf, knownOptions, oneOf, refuse, shown, wholeNumber } from './check.ts'
import { decisionOf } from './decision.ts'
import {
  type Held,
  type Limiter,
  type LimiterOptions,
  type LimiterSettings,
  SETTINGS,
} from './limiter-types.ts'
import type { PolicyInfo } from './bound-policies.ts'
import { watchUse } from './made-per-request.ts'
import { after, all, type MaybePromise } from './maybe-promise.ts'
import { limiterPolicies } from './policies.ts'
import { policySet } from './policy-set.ts'
import { createReceipts, holds } from './receipts.ts'
import type { In, Mode, Ruling, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { checkNames, type Cost, type CostOptions, partOf, type Target } from './targets.ts'

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
  const policies = policySet(store, mayShare, onReset)
  policies.replace(unbound)
  const receipts = createReceipts(policies)
  const held = new Set<() => MaybePromise<void>>()
  let isClosed = false
  const noteUse = watchUse(unbound)

  function refuseClosed(): void {
    if (isClosed) throw new Error('this limiter is closed')
  }

  function callOf(
    policy: BoundPolicy,
    key: string,
    cost: number,
    ask: boolean,
    algorithm?: Algorithm,
  ): PolicyCall {
    const { name, mode } = policy.info
    if (typeof key !== 'string' || key === '') refuse(`the key for policy '${name}'`, 'text, not empty', key)
    wholeNumber('cost', cost)
    const kind = ask ? 'ask' : mode === 'shadow' ? 'shadow' : 'take'
    return chargeOf(kind, { slot: policy.slotFor(algorithm), key, cost }, mode)
  }

  /** A call of each policy that applies to a target. */
  function callsOf(target: Target<string>, cost: Cost<string> = 1, ask: boolean): PolicyCall[] {
    checkNames('key', target, policies)
    checkNames('cost', cost, policies)
    const calls: PolicyCall[] = []
    for (const policy of policies.list) {
      const { name } = policy.info
      const key = partOf(target, name)
      if (key !== undefined) calls.push(callOf(policy, key, partOf(cost, name) ?? 1, ask))
    }
    return calls
  }

  function run(calls: readonly PolicyCall[], ask: boolean): MaybePromise<Decision> {
    refuseClosed()
    if (given === undefined) noteUse()
    return after(store.take(calls), (ruling: Ruling) => {
      // A shadow policy that is asked has a veto in the store, but not here.
      const allowed = ask ? calls.every((call) => call.allowed || call.mode === 'shadow') : ruling.allowed
      return decisionOf(calls, allowed, ruling)
    })
  }

  const forget = ({ kinds }: BoundPolicy, key: string | undefined): MaybePromise<unknown> =>
    all([...kinds.values()].map((slot) => store.forget(slot, key)))

  function hold(decision: Decision): Held<M> {
    refuseClosed()
    const slots = receipts.toHold(decision)
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
      return policies.list.map(({ info }) => info as PolicyInfo<Name>)
    },
    take: (target, options) => give(run(callsOf(target, costIn(options), false), false)),
    peek: (target, options) => give(run(callsOf(target, costIn(options), true), true)),
    decide(charges) {
      const calls = charges.map(({ policy, key, cost = 1, algorithm }) =>
        callOf(policies.named(policy, 'policy'), key, cost, false, algorithm),
      )
      refuseTwins(calls)
      return give(run(calls, false))
    },
    refund(decision, options) {
      refuseClosed()
      const back = receipts.toRefund(decision, costIn(options))
      return done(
        back.length > 0 ? store.take(back.map((receipt) => refundOf(receipt, decision.at))) : undefined,
      )
    },
    reset(target) {
      refuseClosed()
      if (Array.isArray((target as Decision | undefined)?.policies)) {
        return done(
          all(
            (target as Decision).policies.map(({ name, key }) => forget(policies.named(name, 'policy'), key)),
          ),
        )
      }
      checkNames('key', target as Target<string>, policies)
      const keyOf = ({ info }: BoundPolicy): string | undefined => partOf(target as Target<string>, info.name)
      return done(
        all(policies.list.map((policy) => keyOf(policy) !== undefined && forget(policy, keyOf(policy)))),
      )
    },
    resetAll() {
      refuseClosed()
      return done(all(policies.list.map((policy) => forget(policy, undefined))))
    },
    acquire(target, options) {
      if (!policies.list.some(({ slot }) => slot && holds({ slot })))
        throw new TypeError('acquire() needs a concurrency policy')
      return give(after(run(callsOf(target, costIn(options), false), false), hold))
    },
    hold,
    update(next) {
      refuseClosed()
      policies.replace(limiterPolicies('update', next, []))
    },
    async close() {
      if (isClosed) return
      isClosed = true
      policies.release()
      await all([...held].map((free) => free()))
      if (given === undefined) await store.close?.()
    },
  }
}

function costIn(options: CostOptions<string> | undefined): Cost<string> | undefined {
  if (options !== undefined) knownOptions('a call', options, ['cost'])
  return options?.cost
}

/** One key of one policy can be charged only once in a call: both charges would be looked at side by side. */
function refuseTwins(calls: readonly PolicyCall[]): void {
  calls.forEach(({ slot, key }, index) => {
    if (calls.findIndex((call) => call.slot.name === slot.name && call.key === key) === index) return
    throw new TypeError(`policy ${shown(slot.name)} is charged twice for one key: add up the costs`)
  })
}
