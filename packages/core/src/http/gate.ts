import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Limiter } from '../limiter-types.ts'
import type { Decision } from '../algorithm.ts'
import { type AfterResponse, isSettled, releasing, settling } from './after-response.ts'
import { createDelay, GONE } from './delay.ts'
import type { Framework, RequestView } from './framework.ts'
import { type PartitionKeys, partitionKeys } from './headers.ts'
import type { RateLimitOptions } from './options.ts'
import { addressSource } from './key-option.ts'
import { listOption } from './list-option.ts'
import { followPolicies, type LivePolicies } from './live-policies.ts'
import type { WriteHeaders } from './response-headers.ts'
import { forbidden, type Refusal, refusalOf, unheard } from './refusal.ts'
import { requestCharges, type RequestKeys, requestKeys } from './request-charges.ts'
import { parseGate } from './gate-options.ts'
import { createSpread } from './spread.ts'
import { requestView } from './view.ts'

/** What a middleware has to do about a request. */
export interface Outcome {
  /** What handlers are shown; none for a client on the deny list. */
  readonly decision: Decision | undefined
  /** What to answer instead of going on; `undefined`: go on. */
  readonly refusal: Refusal | undefined
  /**
   * Writes the headers, merged with what an earlier limiter wrote. `status` is that of the response where it is known.
   * Where `needsResponse` is set and nothing is refused, write only once status and headers of the response are there.
   */
  readonly writeHeaders: WriteHeaders
  /** To be called once the response is over, however it ended: frees slots, and settles what it cost. */
  readonly over: AfterResponse | undefined
}

/** The framework-agnostic part of a middleware. */
export interface HttpLimiter<Args extends readonly unknown[]> {
  readonly limiter: Limiter
  /** Under which name handlers find the decision. */
  readonly property: string
  /** Whether headers depend on the response, and can be written only when its head is about to be sent. */
  readonly needsResponse: boolean
  /** Whether `over` has to be told the bytes of the body. */
  readonly countsBytes: boolean
  /**
   * Decides about a request: at once unless the store or an option function is asynchronous. `undefined`: the limiter
   * has nothing to say (skipped, switched off, a CORS preflight, no policy applies).
   * @throws what option functions throw; nothing is charged then
   */
  handle(...args: Args): MaybePromise<Outcome | undefined>
}

/**
 * Makes the framework-agnostic part of a middleware. `framework` says how its requests are read.
 * @throws TypeError, RangeError for options that are unknown, missing, out of range or contradict each other
 */
export function createHttpLimiter<Args extends readonly unknown[], Respond = never>(
  options: RateLimitOptions<Args, Respond>,
  framework: Framework<Args>,
): HttpLimiter<Args> {
  const { limiter, policies, isShared, wire, settings } = parseGate(options)
  const view = requestView(framework, settings.trustProxy)
  const source = addressSource(policies.map(({ key }) => key))
  const skip = listOption('skip', settings.skip, view, source)
  const deny = listOption('deny', settings.deny, view, source)
  const live = followPolicies(limiter, wire, settings)
  const { needsResponse, writeForbidden } = live().writer

  const spread = settings.spreadMs > 0 ? createSpread(settings.spreadMs) : undefined
  const delay = createDelay(limiter, settings.delay)
  const settles = policies.some(isSettled)

  /** What to do about a decision that was made under these policies. */
  function outcomeOf(
    args: Args,
    decision: Decision,
    now: LivePolicies,
    keys: PartitionKeys | undefined,
  ): MaybePromise<Outcome> {
    const told = spread && !decision.allowed ? spread(decision) : decision
    const writeHeaders: WriteHeaders = (response, status) =>
      now.writer.write(told, limiter.store.wallClock?.() ?? decision.at, response, status, keys)
    if (!decision.allowed) {
      const accept = view.header('accept', ...args)
      const refusal = refusalOf(told, settings.status, now.wire, accept, settings.message, args)
      return after(refusal, (answer) => ({ decision, refusal: answer, writeHeaders, over: undefined }))
    }
    return { decision, refusal: undefined, writeHeaders, over: overOf(args, decision, now) }
  }

  function overOf(args: Args, decision: Decision, now: LivePolicies): AfterResponse | undefined {
    const release = now.holdsSlots ? releasing(limiter.hold(decision).release) : undefined
    const settle = settles ? settling(limiter, policies, isShared, decision, args) : undefined
    if (!release || !settle) return release ?? settle
    return (sent) => after(release(sent), () => settle(sent))
  }

  function decide(args: Args, known?: RequestKeys): MaybePromise<Outcome | undefined> {
    return after(requestCharges(policies, view, args, known), (found) => {
      const now = live()
      const charges = isShared
        ? found.flatMap((charge) => now.policies.map(({ name }) => ({ ...charge, policy: name })))
        : found
      if (charges.length === 0) return undefined
      const decided = (decision: Decision): MaybePromise<Outcome> =>
        after(partitionKeys(decision, now.wire), (keys) => outcomeOf(args, decision, now, keys))
      if (delay === undefined) return after(limiter.decide(charges), decided)
      const turn = delay(charges, (gone) => framework.whenGone?.(gone, ...args))
      return after(turn, (decision) => (decision === GONE ? goneOutcome : decided(decision)))
    })
  }

  const goneOutcome: Outcome = {
    decision: undefined,
    refusal: unheard,
    writeHeaders: () => undefined,
    over: undefined,
  }
  const denyOutcome: Outcome = { ...goneOutcome, refusal: forbidden(), writeHeaders: writeForbidden }

  return {
    limiter,
    property: settings.property,
    needsResponse,
    countsBytes: policies.some(({ settle }) => settle !== undefined),
    handle(...args) {
      const isExempt = isPreflight(view, args)
      // A preflight carries no credentials that `skip` could go by: it is asked only where `deny` has a say.
      if (!settings.enabled || (isExempt && !deny)) return undefined
      if (!skip && !deny) return decide(args)
      let known: MaybePromise<RequestKeys> | undefined
      // What a list has read is not read again. A preflight, which nothing charges, has no keys.
      const keys = (): MaybePromise<RequestKeys> =>
        (known ??= isExempt ? [] : requestKeys(policies, view, args))
      const count = (): MaybePromise<Outcome | undefined> => {
        if (isExempt) return undefined
        return known === undefined ? decide(args) : after(known, (found) => decide(args, found))
      }
      const denyOrCount = (): MaybePromise<Outcome | undefined> =>
        deny ? after(deny(args, keys), (denied) => (denied ? denyOutcome : count())) : count()
      return skip
        ? after(skip(args, keys), (skipped) => (skipped ? undefined : denyOrCount()))
        : denyOrCount()
    },
  }
}

/** A refused preflight would reach scripts as a network error without any reason (Fetch standard, CORS protocol). */
function isPreflight<Args extends readonly unknown[]>(view: RequestView<Args>, args: Args): boolean {
  return (
    view.method(...args) === 'OPTIONS' && view.header('access-control-request-method', ...args) !== undefined
  )
}
