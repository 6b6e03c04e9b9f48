import type { Decision } from './algorithm.ts'
import type { PolicyCall } from './charges.ts'
import { type MaybePromise, settled } from './maybe-promise.ts'
import { createSleepers } from './sleepers.ts'
import { waitOf } from './slot-waiting.ts'
import { onTurn, refusal, sleep, type Turn } from './turns.ts'
import type { Waiter } from './waiter.ts'
import type { Decider, Line } from './waiting-types.ts'

/**
 * A line of those who wait for the same keys: first come, first served.
 *
 * Policies that queue are charged on entry, into debt: one call of the store, which says when the turn is due, and one
 * sleep. Where a policy of another kind refuses, the first in line sleeps for as long as it was told and asks again,
 * and all others wait behind it; where slots are held it also asks when one comes free. Slots would expire while their
 * holder sleeps: beside them nothing is charged early.
 * @param onEmpty called when nobody is left
 */
export function createLine({ callsOf, decide, refund, slots }: Decider, onEmpty: () => void): Line {
  const waiters = new Set<Waiter>()
  /** Those of them who are behind the head. */
  const behind = new Set<Waiter>()
  /** Who has to be done with before anybody else is called. */
  let head: Waiter | undefined
  /** Until when the head sleeps; else 0. */
  let freeAt = 0
  let isCalling = false
  /** Turns that came for somebody who had left. */
  const unclaimed: [turn: Turn, costs: string][] = []
  const sleepers = createSleepers((waiter, { decision }) =>
    end(waiter, () => waiter.resolve(onTurn(decision))),
  )
  let isClosed = false

  /** Lets others be called once a waiter is done with. */
  function callNext(waiter: Waiter): void {
    if (head === waiter) head = undefined
    if (head === undefined) freeAt = 0
    // With a store that answers at once this would go ever deeper.
    if (isCalling) return
    isCalling = true
    for (const other of behind) {
      if (head) break
      ask(other)
    }
    isCalling = false
    if (!head && waiters.size === 0) onEmpty()
  }

  function end(waiter: Waiter, finish: () => void): void {
    if (!waiter.isOver) {
      waiter.isOver = true
      waiter.stopTimer()
      waiters.delete(waiter)
      behind.delete(waiter)
      finish()
    }
    if (!waiter.isAsking) callNext(waiter)
  }

  /** Asks the store for a turn that comes in time. */
  function ask(waiter: Waiter): void {
    behind.delete(waiter)
    waiter.isAsking = true
    waiter.stopTimer()
    const leftMs = Math.max(0, Math.round(waiter.until - performance.now()))

    let calls: readonly PolicyCall[] = []
    function take(): MaybePromise<Decision> {
      calls = callsOf(waiter.charges, false)
      const takes = calls.filter(({ kind }) => kind === 'take')
      const queueing = takes.filter(({ slot }) => slot.algorithm.queues)
      // Where all queue, nobody sleeps before being charged: the order of the calls is that of the turns.
      if (queueing.length < takes.length) head ??= waiter
      if (!calls.some(({ slot }) => slot.algorithm.hold)) for (const call of queueing) call.withinMs = leftMs
      return decide(calls, false)
    }
    function answered(decision: Decision): MaybePromise<void> {
      waiter.isAsking = false
      const done = proceed(waiter, decision, leftMs, calls)
      passFree()
      return done
    }
    function failed(error: unknown): void {
      waiter.isAsking = false
      end(waiter, () => waiter.reject(error))
      passFree()
    }
    waiter.answer = settled(take, answered, failed)
  }

  function proceed(
    waiter: Waiter,
    decision: Decision,
    leftMs: number,
    calls: readonly PolicyCall[],
  ): MaybePromise<void> {
    const { allowed, source, retryAfterMs } = decision
    const dueAt = performance.now() + retryAfterMs
    if (waiter.isOver || isClosed) {
      // Behind a head nobody has a turn yet.
      const isFree = allowed && !isClosed && head !== waiter
      const back = isFree ? void unclaimed.push([{ decision, dueAt }, waiter.costs]) : giveBack(decision)
      callNext(waiter)
      return back
    }
    if (allowed) {
      waiter.isDelayed ||= retryAfterMs > 0
      waiter.stopTimer()
      sleepers.add(waiter, { decision, dueAt })
      callNext(waiter)
    } else if (
      source !== 'failure-policy' &&
      retryAfterMs > 0 &&
      leftMs > 0 &&
      waitOf(calls, retryAfterMs) <= leftMs
    ) {
      waiter.isDelayed = true
      const waitMs = waitOf(calls, retryAfterMs)
      waiter.stopTimer = slots.sleep(calls, waitMs, waiter.until, () => ask(waiter))
      head ??= waiter
      if (head === waiter) freeAt = performance.now() + waitMs
      for (const other of behind) {
        other.isDelayed = true
        if (isTooLate(other)) void refuse(other)
      }
    } else end(waiter, () => waiter.resolve(refusal(decision, 0)))
    return undefined
  }

  /** Passes on turns of those who left before they had them: once those who asked after them have theirs. */
  function passFree(): void {
    if (unclaimed.length === 0) return
    for (const { isAsking } of waiters) if (isAsking) return
    for (const [turn, costs] of unclaimed.splice(0)) {
      const left = sleepers.passOn(turn, costs)
      if (left) void giveBack(left.decision)
    }
  }

  /** Whether a waiter's time is up before the head asks again. */
  const isTooLate = ({ until }: Waiter): boolean => Math.round(freeAt - until) > 0

  /** Whether somebody sleeps, or is behind who is asked for, who must not be passed. */
  function isWaitedIn(): boolean {
    return freeAt > 0 || behind.size > 0
  }

  /** Tells who gets no turn how things are now: it has to wait at least for those in front. */
  function refuse(waiter: Waiter): MaybePromise<void> {
    behind.delete(waiter)
    waiter.stopTimer()
    const waitMs = Math.max(1, Math.ceil(freeAt - performance.now()))
    return settled(
      () => decide(callsOf(waiter.charges, true), true),
      (decision) => end(waiter, () => waiter.resolve(refusal(decision, waitMs))),
      (error) => end(waiter, () => waiter.reject(error)),
    )
  }

  /** Nobody is there to hear of a failure: what was charged then stays charged. */
  const giveBack = (decision: Decision): MaybePromise<void> => settled(() => refund(decision), ignore, ignore)

  return {
    enter(waiter, maxQueue) {
      const hasNoTurn =
        maxQueue === 0
          ? isWaitedIn()
          : waiters.size >= maxQueue || (waiter.maxWaitMs > 0 && isTooLate(waiter))
      waiter.isDelayed = freeAt > 0
      waiters.add(waiter)
      if (hasNoTurn) void refuse(waiter)
      else if (waiter.maxWaitMs === 0) ask(waiter)
      else if (head) {
        behind.add(waiter)
        waiter.stopTimer = sleep(waiter.until, () => void refuse(waiter))
      } else ask(waiter)
    },
    abort(waiter, reason) {
      // If the first turn went back, whoever comes next would pass beside those who sleep: it is the last one that does.
      const left = sleepers.leave(waiter)
      end(waiter, () => waiter.reject(reason))
      if (left) void giveBack(left.decision)
    },
    close() {
      isClosed = true
      // The last turn first: it weighs most.
      const back = sleepers.end().map(({ decision }) => giveBack(decision))
      return [...back, ...[...waiters].toReversed().flatMap((waiter) => [refuse(waiter), waiter.answer])]
    },
  }
}

const ignore = (): void => undefined
