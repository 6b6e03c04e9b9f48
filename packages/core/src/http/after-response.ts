import type { Decision } from '../algorithm.ts'
import { isWhole } from '../check.ts'
import type { Limiter } from '../limiter-types.ts'
import { after, all, type MaybePromise, settled } from '../maybe-promise.ts'
import type { RequestPolicy } from './request-policies.ts'
import type { Sent } from './sent.ts'
import { warnEachMinute } from './warn-each-minute.ts'

/** What there is to do once a response is over, however it ended. It never fails: nobody is there to hear of it. */
export type AfterResponse = (sent: Sent) => MaybePromise<void>

const slotLost = (): void => warnEachMinute('a slot could not be given back; it comes free after its ttl')

const costUnknown = (error: unknown): void =>
  warnEachMinute(
    `what a response cost could not be settled, so it stays charged: ${error instanceof Error ? error.name : typeof error}`,
  )

const notACost = (): void =>
  warnEachMinute('settle has to give a whole number from 0, or undefined: what it gave is not charged')

/** Gives slots back. */
export const releasing =
  (release: () => MaybePromise<void>): AfterResponse =>
  () =>
    settled(release, (done) => done, slotLost)

/** Whether a policy charges otherwise once the response is there. */
export const isSettled = ({ refundWhen, settle }: RequestPolicy<never>): boolean =>
  refundWhen !== undefined || settle !== undefined

type SettledCost = readonly [policy: string, cost: number, maxDebt: number | undefined]

/** So long what is known waits for what is not: that may never come, and the rest must not be free for it. */
const PATIENCE_MS = 1000

/**
 * Puts what the response was worth in the place of what the request was charged: in one call of the store, unless some
 * of it is known too late.
 * @param policies those of the middleware; the only one of a limiter that others use too stands for all of its policies
 */
export function settling<Args extends readonly unknown[]>(
  limiter: Limiter,
  policies: readonly RequestPolicy<Args>[],
  isShared: boolean,
  decision: Decision,
  args: Args,
): AfterResponse | undefined {
  const charged = decision.policies.flatMap(({ name }) => {
    const policy = isShared ? policies[0] : policies.find((one) => one.name === name)
    return policy && isSettled(policy) ? [{ name, policy }] : []
  })
  if (charged.length === 0) return undefined

  /** Settles what some policies cost, in one call of the store. */
  function settle(costs: readonly SettledCost[]): MaybePromise<void> {
    const actual = Object.fromEntries(costs.map(([name, cost]) => [name, cost]))
    const maxDebt = Object.fromEntries(costs.map(([name, , debt]) => [name, debt]))
    return settled(
      () => (costs.length > 0 ? limiter.settle(decision, actual, { maxDebt }) : undefined),
      () => undefined,
      costUnknown,
    )
  }

  return (sent) => {
    const each = [...new Set(charged.map(({ policy }) => policy))]
    const known: SettledCost[] = []
    let missing = each.length
    let isLate = false
    let timer: ReturnType<typeof setTimeout> | undefined

    function add(policy: RequestPolicy<Args>, cost: number | undefined): MaybePromise<void> {
      missing--
      for (const { name, policy: own } of cost === undefined ? [] : charged)
        if (own === policy) known.push([name, cost as number, policy.maxDebt])
      if (missing === 0) clearTimeout(timer)
      return missing === 0 || isLate ? settle(known.splice(0)) : undefined
    }
    const added = each.map((policy) => after(knownCost(policy, args, sent), (cost) => add(policy, cost)))
    if (missing > 0) {
      timer = setTimeout(() => {
        isLate = true
        void settle(known.splice(0))
      }, PATIENCE_MS)
      ;(timer as { unref?: () => void }).unref?.()
    }
    return after(all(added), () => undefined)
  }
}

/**
 * What a request cost after all; `undefined`: what it was charged, also where the cost cannot be told, which is no
 * reason not to settle other policies.
 */
function knownCost<Args extends readonly unknown[]>(
  policy: RequestPolicy<Args>,
  args: Args,
  sent: Sent,
): MaybePromise<number | undefined> {
  let known: number | undefined
  const told = settled(
    () => actualCost(policy, args, sent),
    (cost) => {
      if (isWhole(cost)) known = cost
      else if (cost !== undefined) notACost()
    },
    costUnknown,
  )
  return after(told, () => known)
}

function actualCost<Args extends readonly unknown[]>(
  { refundWhen, settle }: RequestPolicy<Args>,
  args: Args,
  sent: Sent,
): MaybePromise<number | undefined> {
  const own = (): MaybePromise<number | undefined> =>
    typeof settle === 'function' ? settle(...args, sent) : settle && sent.bytes
  if (refundWhen === undefined) return own()
  return after(isRefunded(refundWhen, args, sent), (refunded) => (refunded ? 0 : own()))
}

function isRefunded<Args extends readonly unknown[]>(
  refundWhen: NonNullable<RequestPolicy<Args>['refundWhen']>,
  args: Args,
  { status }: Sent,
): MaybePromise<boolean> {
  if (typeof refundWhen === 'function') return refundWhen(...args, status)
  return refundWhen === 'failed' ? status >= 400 : status < 400
}
