import type { Decision } from './algorithm.ts'
import type { BoundPolicy, PolicyInfo, UnboundPolicy } from './bound-policies.ts'
import { chargeOf, type PolicyCall, refundOf } from './charges.ts'
import { functionOf, knownOptions, oneOf, refuse, wholeNumber } from './check.ts'
import { decisionOf } from './decision.ts'
import {
  type Held,
  type Limiter,
  type LimiterOptions,
  type LimiterSettings,
  SETTINGS,
} from './limiter-types.ts'
import { watchUse } from './made-per-request.ts'
import { after, all, type MaybePromise } from './maybe-promise.ts'
import { limiterPolicies } from './policies.ts'
import { policySet } from './policy-set.ts'
import { createReceipts } from './receipts.ts'
import type { In, Mode, Ruling, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import {
  checkNames,
  type Cost,
  type CostOptions,
  partOf,
  type PolicyCharge,
  refuseTwins,
  type Target,
} from './targets.ts'

/**
 * Makes a limiter: policies bound to a store, decided together.
 *
 * Its calls answer at once where the store does (memory), else with promises. A denial is a value; a store's failure
 * rejects.
 * @throws TypeError, RangeError for options that are unknown, missing or out of range, and for a
 * policy of a name that another limiter on the store has
 */
export function createLimiter<M extends Mode = 'sync', const Name extends string = 'default'>(
  options: LimiterOptions<M, Name>,
): Limiter<M, Name> {
  return limiterOf(limiterPolicies('createLimiter', options, SETTINGS), options)
}

/** A limiter of policies that were checked; those without an algorithm need one in each `decide`. */
export function limiterOf<M extends Mode, Name extends string>(
  unbound: readonly UnboundPolicy[],
  { store: given, shared = false, on = {} }: LimiterSettings<M>,
): Limiter<M, Name> {
  knownOptions('on', on, ['policyReset'])
  const onReset = functionOf('on.policyReset', on.policyReset)
  const mayShare = oneOf('shared', shared, [true, false])
  const store = given === undefined ? (memoryStore() as Store as Store<M>) : given
  if (typeof store?.take !== 'function') refuse('store', 'a store such as memoryStore()', store)
  const policies = policySet(store, mayShare, onReset)
  policies.replace(unbound)
  const receipts = createReceipts(policies)
  let isClosed = false
  const noteUse = watchUse(unbound)

  function refuseClosed(): void {
    if (isClosed) throw new Error('the limiter is closed')
  }

  function costIn(options: CostOptions<string> | undefined): Cost<string> | undefined {
    if (options !== undefined) knownOptions('a call', options, ['cost'])
    if (options?.cost !== undefined) checkNames('cost', options.cost, policies)
    return options?.cost
  }

  /** What a target and a cost say, policy by policy. */
  function chargesOf(target: Target<string>, options?: CostOptions<string>): PolicyCharge[] {
    const cost = costIn(options)
    checkNames('key', target, policies)
    const charges: PolicyCharge[] = []
    for (const { info } of policies.list) {
      const key = partOf(target, info.name)
      if (key !== undefined) charges.push({ policy: info.name, key, cost: partOf(cost, info.name) })
    }
    return charges
  }

  function callOf({ policy, key, cost = 1, algorithm }: PolicyCharge, ask: boolean): PolicyCall {
    const { info, slotFor } = policies.named(policy, 'policy')
    if (typeof key !== 'string' || key === '') refuse(`the key of '${policy}'`, 'non-empty text', key)
    wholeNumber('cost', cost)
    const kind = ask ? 'ask' : info.mode === 'shadow' ? 'shadow' : 'take'
    return chargeOf(kind, { slot: slotFor(algorithm), key, cost }, info.mode)
  }

  function run(charges: readonly PolicyCharge[], ask = false): MaybePromise<Decision> {
    refuseClosed()
    if (given === undefined) noteUse()
    const calls = charges.map((charge) => callOf(charge, ask))
    return after(store.take(calls), (ruling: Ruling) => {
      const decision = decisionOf(calls, ask, ruling)
      return decision
    })
  }

  const forget = ({ kinds }: BoundPolicy, key: string | undefined): MaybePromise<unknown> =>
    all([...kinds.values()].map((slot) => store.forget(slot, key)))

  function hold(decision: Decision): Held<M> {
    const slots = receipts.toHold(decision)
    const free = slots[0]?.slot.algorithm.hold?.(store, slots, decision.at)
    return { decision, release: () => give(free?.()) }
  }

  /** Every answer comes the way that the store's answers come. */
  const give = <T>(value: MaybePromise<T>): In<M, T> =>
    (store.mode === 'sync' ? value : Promise.resolve(value)) as In<M, T>
  const done = (value: MaybePromise<unknown>): In<M, void> => give(after(value, () => undefined))

  return {
    store,
    get policies() {
      return policies.list.map(({ info }) => info as PolicyInfo<Name>)
    },
    take: (target, options) => give(run(chargesOf(target, options))),
    peek: (target, options) => give(run(chargesOf(target, options), true)),
    decide(charges) {
      refuseTwins(charges)
      return give(run(charges))
    },
    refund(decision, options) {
      refuseClosed()
      const back = receipts.toRefund(decision, costIn(options))
      const at = wholeNumber('at', decision.at)
      return done(store.take(back.map((receipt) => refundOf(receipt, at))))
    },
    reset(target) {
      refuseClosed()
      const decided = (target as Decision | undefined)?.policies
      const keys: Pick<PolicyCharge, 'policy' | 'key'>[] = Array.isArray(decided)
        ? (decided as Decision['policies']).map(({ name: policy, key }) => ({ policy, key }))
        : chargesOf(target as Target<string>)
      return done(all(keys.map(({ policy, key }) => forget(policies.named(policy, 'policy'), key))))
    },
    resetAll() {
      refuseClosed()
      return done(all(policies.list.map((policy) => forget(policy, undefined))))
    },
    acquire(target, options) {
      if (!policies.list.some(({ slot }) => slot?.algorithm.hold))
        throw new TypeError('acquire() needs concurrency()')
      return give(after(run(chargesOf(target, options)), hold))
    },
    hold,
    update(next) {
      refuseClosed()
      policies.replace(limiterPolicies('update', next, []))
    },
    async close() {
      isClosed = true
      policies.release()
    },
  }
}
