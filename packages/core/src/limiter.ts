import type { Decision, GrantUnits } from './algorithm.ts'
import type { BoundPolicy, PolicyInfo, UnboundPolicy } from './bound-policies.ts'
import { type PolicyCall, refundOf } from './charges.ts'
import { knownOptions, oneOf, refuse } from './check.ts'
import { decisionOf } from './decision.ts'
import { checkEvents, observer, waitObserver } from './events.ts'
import {
  type Held,
  type Limiter,
  type LimiterOptions,
  type LimiterSettings,
  SETTINGS,
} from './limiter-types.ts'
import { limiterCalls } from './limiter-calls.ts'
import { watchUse } from './made-per-request.ts'
import { after, all, type MaybePromise } from './maybe-promise.ts'
import { limiterPolicies } from './policies.ts'
import { policySet } from './policy-set.ts'
import { createSlotWaiting } from './slot-waiting.ts'
import { createReceipts } from './receipts.ts'
import { RESERVE_OPTIONS, settlementOf } from './reservation.ts'
import type { In, Mode, Ruling, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { type Cost, type PolicyCharge, refuseTwins, type Target } from './targets.ts'
import { tell } from './tell.ts'
import { forgetWarned, forgetWarnings } from './warnings.ts'
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
  checkEvents(on)
  const mayShare = oneOf('shared', shared, [true, false])
  const known = given === undefined ? (memoryStore() as Store as Store<M>) : given
  if (typeof known?.take !== 'function') refuse('store', 'a store such as memoryStore()', known)
  if (onStoreError !== undefined && !known.guarded)
    throw new TypeError(
      'onStoreError needs a store like redisStore(); else failurePolicy(store, onStoreError)',
    )
  const store = known.guarded?.(onStoreError, on) ?? known
  const policies = policySet(store, known, mayShare, (event) => tell('policyReset', on.policyReset, event))
  policies.replace(unbound)
  const receipts = createReceipts(policies)
  const { costIn, chargesOf, waitingChargesOf, balanceOf, callsOf } = limiterCalls(policies)
  let isClosed = false
  const noteUse = watchUse(unbound)

  const thresholdsOf = (policy: string): readonly number[] => policies.get(policy)?.info.warnAt ?? []

  function refuseClosed(): void {
    if (isClosed) throw new Error('the limiter is closed')
  }

  const observe = observer(on, store, thresholdsOf)

  const decide = (calls: readonly PolicyCall[], ask: boolean, isFinal = true): MaybePromise<Decision> =>
    after(store.take(calls), (ruling: Ruling) => {
      const decision = decisionOf(calls, ask, ruling)
      if (observe && !ask && (isFinal || decision.allowed)) observe(calls, ruling, decision)
      return decision
    })

  function begin(): void {
    refuseClosed()
    if (given === undefined) noteUse()
  }

  function run(charges: readonly PolicyCharge[], ask = false): MaybePromise<Decision> {
    begin()
    return decide(callsOf(charges, ask), ask)
  }

  /** Makes charges that no decision comes of. */
  const make = (charges: readonly PolicyCall[]): MaybePromise<unknown> =>
    charges.length > 0 ? after(store.take(charges), (ruling) => observe?.(charges, ruling)) : undefined

  const refund = (decision: Decision, cost?: Cost<string>): MaybePromise<unknown> =>
    make(receipts.toRefund(decision, cost).map(refundOf))

  // Who is refused while it waits asks again.
  const slots = createSlotWaiting()
  const asker = {
    callsOf,
    refund,
    slots,
    decide: (calls: readonly PolicyCall[], ask: boolean) => decide(calls, ask, false),
  }
  const waiting = createWaiting(asker, waitObserver(on))

  const forget = ({ kinds }: BoundPolicy, key: string | undefined): MaybePromise<unknown> =>
    all([...kinds.values()].map((slot) => store.forget(slot, key)))

  function hold(decision: Decision): Held<M> {
    const held = receipts.toHold(decision)
    const free = held[0]?.slot.algorithm.hold?.(store, held)
    return { decision, release: () => give(after(free?.(), () => slots.freed(held))) }
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
    grant(target, units, options) {
      refuseClosed()
      const { slot, key } = balanceOf(target)
      const told = (slot.algorithm.grant as GrantUnits)(store, slot, key, units, options)
      return give(
        after(told, (grant) =>
          after(grant.granted && forgetWarned(store, slot, key, thresholdsOf(slot.name)), () => grant),
        ),
      )
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
      const states = policies.list.map((policy) => forget(policy, undefined))
      return done(all([...states, forgetWarnings(store, policies.list)]))
    },
    acquire(target, options) {
      if (!policies.list.some(({ slot }) => slot?.algorithm.hold))
        throw new TypeError('acquire() needs concurrency()')
      return give(after(run(chargesOf(target, options)), hold))
    },
    hold,
    reserve(target, options) {
      const charges = chargesOf(target, options, RESERVE_OPTIONS)
      const settlement = settlementOf(receipts, policies, options?.maxDebt)
      return give(
        after(run(charges), (decision) => ({
          decision,
          settle: (actual) => done(make(settlement(decision, actual))),
          cancel: () => done(refund(decision)),
        })),
      )
    },
    settle(decision, actual, options = {}) {
      knownOptions('settle', options, ['maxDebt'])
      return done(make(settlementOf(receipts, policies, options.maxDebt)(decision, actual)))
    },
    wait(target, options = {}) {
      begin()
      return waiting.join(waitingChargesOf(target, options, WAIT_OPTIONS), options)
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
