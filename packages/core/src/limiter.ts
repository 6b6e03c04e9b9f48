import type { Decision, PolicyMode } from './algorithm.ts'
import { type BoundPolicy, bindPolicy, type UnboundPolicy } from './bound-policies.ts'
import { flag, knownOptions, shown } from './check.ts'
import { claimNames } from './claims.ts'
import { decisionOf, type PolicyCall, policyCall } from './decision.ts'
import { chargeOf, hold } from './held.ts'
import type { Held, Limiter, LimiterOptions, LimiterSettings, PolicyInfo } from './limiter-types.ts'
import { watchUse } from './made-per-request.ts'
import { after, all, type MaybePromise } from './maybe-promise.ts'
import { parsePolicies } from './policies.ts'
import { createReceipts } from './receipts.ts'
import type { In, Mode, Ruling, Slot, Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { checkedKey, checkedUnits, type PolicyCharge, policyCharges, type Target } from './targets.ts'

const SETTINGS = ['store', 'shared', 'on']

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
  return limiterOf(parsePolicies('createLimiter', options, SETTINGS), options)
}

/** A limiter of policies that were checked; those without an algorithm need one in each `decide`. */
export function limiterOf<M extends Mode, Name extends string>(
  unbound: readonly UnboundPolicy[],
  { store: given, shared, on = {} }: LimiterSettings<M>,
): Limiter<M, Name> {
  const store = checkedStore(given) ?? (memoryStore() as Store as Store<M>)
  knownOptions('on', on, ['policyReset'])
  const mayShare = flag('shared', shared, false)

  let policies: ReadonlyMap<string, BoundPolicy> = new Map()
  let infos: readonly PolicyInfo<Name>[] = []
  let only: { slot: Slot; mode: PolicyMode } | undefined
  const one: PolicyCall[] = []
  let release = (): void => undefined
  let closed = false
  const receipts = createReceipts(() => policies)
  const held = new Set<() => MaybePromise<void>>()
  bind(unbound)
  let watched = given === undefined ? watchUse([...policies.keys()].join(', ')) : undefined

  function bind(list: readonly UnboundPolicy[]): void {
    const names = list.map(({ name }) => name)
    release()
    release = claimNames(store, names, mayShare)
    const before = policies
    policies = new Map(
      list.map((policy) => [policy.name, bindPolicy(store, policy, before.get(policy.name), on.policyReset)]),
    )
    infos = [...policies.values()].map(infoOf<Name>)
    const [first] = policies.values()
    only =
      first?.slot !== undefined && policies.size === 1 ? { slot: first.slot, mode: first.mode } : undefined
    const sameKinds = [...before].every(
      ([name, { slot }]) => slot?.algorithm.kind === policies.get(name)?.slot?.algorithm.kind,
    )
    if (!sameKinds) receipts.noteAll(before)
  }

  /** Counts a use, and refuses it once closed. */
  function use(): void {
    if (closed) throw new Error('this limiter is closed: make a new one')
    if (watched !== undefined && !watched()) watched = undefined
  }

  function callOf({ policy: name, key, cost = 1, algorithm }: PolicyCharge, ask: boolean): PolicyCall {
    const policy = policies.get(name)
    if (policy === undefined) throw new TypeError(`no policy is named ${shown(name)}`)
    const kind = ask ? 'ask' : policy.mode === 'shadow' ? 'shadow' : 'take'
    return policyCall(policy.slotFor(algorithm), policy.mode, kind, checkedKey(name, key), checkedUnits(cost))
  }

  function decide(charges: readonly PolicyCharge[], ask: boolean): MaybePromise<Decision> {
    use()
    const calls: PolicyCall[] = []
    for (const charge of charges) calls.push(callOf(charge, ask))
    refuseTwins(calls)
    return decideCalls(calls, ask)
  }

  /** A take by the only policy there is, without any list made: most limiters and most calls are this. */
  function takeOnly(slot: Slot, mode: PolicyMode, key: string, cost: number): MaybePromise<Decision> {
    use()
    const call = policyCall(
      slot,
      mode,
      mode === 'shadow' ? 'shadow' : 'take',
      checkedKey(slot.name, key),
      checkedUnits(cost),
    )
    if (store.mode !== 'sync') return decideCalls([call], false)
    // A synchronous store has answered when it returns, and nobody else has seen the list.
    one[0] = call
    return decided(one, false, store.take(one) as Ruling)
  }

  function decideCalls(calls: readonly PolicyCall[], ask: boolean): MaybePromise<Decision> {
    const ruling = store.take(calls)
    return store.mode === 'sync'
      ? decided(calls, ask, ruling as Ruling)
      : (ruling as Promise<Ruling>).then((answer) => decided(calls, ask, answer))
  }

  function decided(calls: readonly PolicyCall[], ask: boolean, ruling: Ruling): Decision {
    // A shadow policy that is asked has a veto in the store, but not here.
    const allowed = ask ? calls.every((call) => call.allowed || call.mode === 'shadow') : ruling.allowed
    const decision = decisionOf(calls, allowed, ruling)
    if (!ask) receipts.note(decision, calls)
    return decision
  }

  function holdSlots(decision: Decision): () => MaybePromise<void> {
    const slots = receipts.charged(decision).filter(({ slot }) => slot.algorithm.kind === 'concurrency')
    const free = hold(store, slots, decision.at)
    held.add(free)
    return () => {
      held.delete(free)
      return free()
    }
  }

  function forget(name: string, key: string | undefined): MaybePromise<unknown> {
    const slots = [...(policies.get(name)?.kinds.values() ?? [])]
    return all(slots.map((slot) => store.forget(slot, key)))
  }

  function targetCharges(target: Target<string>, cost: Parameters<typeof policyCharges>[2]): PolicyCharge[] {
    return policyCharges([...policies.keys()], target, cost)
  }

  /** Every answer comes the way that the store's answers come. */
  const give = <T>(value: MaybePromise<T>): In<M, T> => value as In<M, T>
  const nothing = (value: MaybePromise<unknown>): In<M, void> => give(after(value, () => undefined))
  const heldOf = (decision: Decision): Held<M> => {
    const free = holdSlots(decision)
    return { decision, release: () => give(free()) }
  }

  return {
    store,
    get policies() {
      return infos
    },
    take(target, options) {
      const cost = options?.cost ?? 1
      if (only !== undefined && typeof target === 'string' && typeof cost === 'number') {
        return give(takeOnly(only.slot, only.mode, target, cost))
      }
      return give(decide(targetCharges(target, cost), false))
    },
    decide: (charges) => give(decide(charges, false)),
    peek: (target, options) => give(decide(targetCharges(target, options?.cost), true)),
    refund(decision, options) {
      use()
      const back = receipts.refundable(decision, options?.cost).filter(({ cost }) => cost > 0)
      if (back.length === 0) return nothing(store.mode === 'sync' ? undefined : Promise.resolve())
      return nothing(store.take(back.map((receipt) => chargeOf('refund', receipt, decision.at))))
    },
    reset(target) {
      const parts = isDecision(target)
        ? target.policies.map(({ name, key }) => ({ policy: name, key }))
        : targetCharges(target, 0)
      return nothing(all(parts.map(({ policy, key }) => forget(policy, key))))
    },
    resetAll: () => nothing(all([...policies.keys()].map((name) => forget(name, undefined)))),
    acquire(target, options) {
      if (![...policies.values()].some(({ slot }) => slot?.algorithm.kind === 'concurrency')) {
        throw new TypeError('acquire() needs a policy with concurrency({ limit, ttl })')
      }
      return give(after(decide(targetCharges(target, options?.cost), false), heldOf))
    },
    hold: heldOf,
    update(next) {
      use()
      bind(parsePolicies('update', next, []))
    },
    async close() {
      if (closed) return
      closed = true
      release()
      await all([...held].map((free) => free()))
      if (given === undefined) await store.close?.()
    },
  }
}

function infoOf<Name extends string>({ name, mode, slot }: BoundPolicy): PolicyInfo<Name> {
  const { limit, windowMs, kind } = slot?.algorithm ?? {}
  return { name: name as Name, mode, limit, windowMs, kind }
}

function isDecision(value: object | string): value is Decision {
  return typeof value === 'object' && Array.isArray((value as Decision).policies)
}

/** One key of one policy can be charged only once in a call: both charges would be looked at side by side. */
function refuseTwins(calls: readonly PolicyCall[]): void {
  for (let index = 1; index < calls.length; index++) {
    const { slot, key } = calls[index] as PolicyCall
    const twin = calls.findIndex((call) => call.slot.name === slot.name && call.key === key)
    if (twin === index) continue
    throw new TypeError(
      `policy ${shown(slot.name)} is charged twice in one call for the same key: add up the costs`,
    )
  }
}

function checkedStore<M extends Mode>(store: Store<M> | undefined): Store<M> | undefined {
  if (store === undefined || (typeof store?.take === 'function' && typeof store.open === 'function'))
    return store
  throw new TypeError(`store must be a store such as memoryStore(), got ${shown(store)}`)
}
