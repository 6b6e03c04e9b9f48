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
import { type Reservation, settlement } from './reservation.ts'
import type { Charge, In, Mode, Ruling, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import {
  checkCost,
  checkNames,
  type Cost,
  type CostOptions,
  partOf,
  type PolicyCharge,
  refuseTwins,
  type Target,
} from './targets.ts'
import { createWaiting, WAIT_OPTIONS } from './waiting.ts'

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
  { store: given, shared = false, onStoreError, on = {} }: LimiterSettings<M>,
): Limiter<M, Name> {
  const events = ['policyReset', 'storeFailing', 'storeRecovered'] as const
  knownOptions('on', on, events)
  for (const event of events) functionOf(`on.${event}`, on[event])
  const mayShare = oneOf('shared', shared, [true, false])
  const known = given === undefined ? (memoryStore() as Store as Store<M>) : given
  if (typeof known?.take !== 'function') refuse('store', 'a store such as memoryStore()', known)
  if (onStoreError !== undefined && !known.guarded)
    throw new TypeError('onStoreError is for stores that can fail: wrap this one in failurePolicy()')
  const store = known.guarded?.(onStoreError, on) ?? known
  const policies = policySet(store, known, mayShare, on.policyReset)
  policies.replace(unbound)
  const receipts = createReceipts(policies)
  let isClosed = false
  const noteUse = watchUse(unbound)

  function refuseClosed(): void {
    if (isClosed) throw new Error('the limiter is closed')
  }

  function costIn(
    options: CostOptions<string> | undefined,
    more: readonly string[] = [],
  ): Cost<string> | undefined {
    if (options !== undefined) knownOptions('a call', options, ['cost', ...more])
    if (options?.cost !== undefined) checkNames('cost', options.cost, policies)
    return options?.cost
  }

  /** What a target and a cost say, policy by policy. */
  function chargesOf(
    target: Target<string>,
    options?: CostOptions<string>,
    more?: readonly string[],
  ): PolicyCharge[] {
    const cost = costIn(options, more)
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

  const callsOf = (charges: readonly PolicyCharge[], ask: boolean): PolicyCall[] =>
    charges.map((charge) => callOf(charge, ask))

  const decide = (calls: readonly PolicyCall[], ask: boolean): MaybePromise<Decision> =>
    after(store.take(calls), (ruling: Ruling) => decisionOf(calls, ask, ruling))

  function begin(): void {
    refuseClosed()
    if (given === undefined) noteUse()
  }

  function run(charges: readonly PolicyCharge[], ask = false): MaybePromise<Decision> {
    begin()
    return decide(callsOf(charges, ask), ask)
  }

  /** Makes charges that no decision comes of. */
  const make = (charges: readonly Charge[]): MaybePromise<unknown> =>
    charges.length > 0 ? store.take(charges) : undefined

  const refund = (decision: Decision, cost?: Cost<string>): MaybePromise<unknown> =>
    make(receipts.toRefund(decision, cost).map((receipt) => refundOf(receipt, receipt.at)))

  const waiting = createWaiting({ callsOf, decide, refund })

  function reservation(decision: Decision, maxDebt: Cost<string> | undefined): Reservation<M, Name> {
    return {
      decision,
      settle(actual) {
        checkCost('actual', actual, policies)
        return done(make(settlement(receipts, decision, actual, maxDebt)))
      },
      cancel: () => done(refund(decision)),
    }
  }

  const forget = ({ kinds }: BoundPolicy, key: string | undefined): MaybePromise<unknown> =>
    all([...kinds.values()].map((slot) => store.forget(slot, key)))

  function hold(decision: Decision): Held<M> {
    const slots = receipts.toHold(decision)
    const free = slots[0]?.slot.algorithm.hold?.(store, slots)
    return { decision, release: () => give(free?.()) }
  }

  /** Every answer comes the way that the store's answers come. */
  const give = <T>(value: MaybePromise<T>): In<M, T> =>
    (store.mode === 'sync' ? value : Promise.resolve(value)) as In<M, T>
  const done = (value: MaybePromise<unknown>): In<M, void> => give(after(value, () => undefined))

  return {
    store: known,
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
      return done(refund(decision, costIn(options)))
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
    reserve(target, options) {
      const maxDebt = options?.maxDebt
      const charges = chargesOf(target, options, ['maxDebt'])
      if (maxDebt !== undefined) checkCost('maxDebt', maxDebt, policies)
      return give(after(run(charges), (decision) => reservation(decision, maxDebt)))
    },
    wait(target, options = {}) {
      begin()
      return waiting.join(chargesOf(target, options, WAIT_OPTIONS), options)
    },
    update(next) {
      refuseClosed()
      policies.replace(limiterPolicies('update', next, []))
    },
    async close() {
      isClosed = true
      policies.release()
      await waiting.close()
      await store.giveBack?.()
    },
  }
}
