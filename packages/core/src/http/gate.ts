import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Limiter } from '../limiter-types.ts'
import type { Decision } from '../algorithm.ts'
import { clientList } from './client-list.ts'
import type { Framework, RequestView } from './framework.ts'
import { type PartitionKeys, partitionKeys } from './headers.ts'
import type { RateLimitOptions } from './options.ts'
import { addressSource } from './key-option.ts'
import { followPolicies, type LivePolicies } from './live-policies.ts'
import type { WriteHeaders } from './response-headers.ts'
import { quietRelease } from './release.ts'
import { forbidden, type Refusal, refusalOf } from './refusal.ts'
import { requestCharges } from './request-charges.ts'
import { parseGate } from './gate-options.ts'
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
  /** To be called once the response is over, however it ended: frees slots. */
  readonly release: (() => MaybePromise<void>) | undefined
}

/** The framework-agnostic part of a middleware. */
export interface HttpLimiter<Args extends readonly unknown[]> {
  readonly limiter: Limiter
  /** Under which name handlers find the decision. */
  readonly property: string
  /** Whether headers depend on the response, and can be written only when its head is about to be sent. */
  readonly needsResponse: boolean
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
  const skip = clientList('skip', settings.skip, view, source)
  const deny = clientList('deny', settings.deny, view, source)
  const live = followPolicies(limiter, wire, settings)
  const { needsResponse, writeForbidden } = live().writer

  /** What to do about a decision that was made under these policies. */
  function outcomeOf(
    args: Args,
    decision: Decision,
    now: LivePolicies,
    keys: PartitionKeys | undefined,
  ): MaybePromise<Outcome> {
    const writeHeaders: WriteHeaders = (response, status) =>
      now.writer.write(decision, limiter.store.wallClock?.() ?? decision.at, response, status, keys)
    if (!decision.allowed) {
      const refusal = refusalOf(
        decision,
        settings.status,
        now.wire,
        view.header('accept', ...args),
        settings.message,
        args,
      )
      return after(refusal, (answer) => ({ decision, refusal: answer, writeHeaders, release: undefined }))
    }
    const release = now.holdsSlots ? quietRelease(limiter.hold(decision).release) : undefined
    return { decision, refusal: undefined, writeHeaders, release }
  }

  function decide(args: Args): MaybePromise<Outcome | undefined> {
    return after(requestCharges(policies, view, args), (found) => {
      const now = live()
      const charges = isShared
        ? found.flatMap((charge) => now.policies.map(({ name }) => ({ ...charge, policy: name })))
        : found
      if (charges.length === 0) return undefined
      return after(limiter.decide(charges), (decision) =>
        after(partitionKeys(decision, now.wire), (keys) => outcomeOf(args, decision, now, keys)),
      )
    })
  }

  const denyOutcome: Outcome = {
    decision: undefined,
    refusal: forbidden(),
    writeHeaders: writeForbidden,
    release: undefined,
  }

  return {
    limiter,
    property: settings.property,
    needsResponse,
    handle(...args) {
      const isExempt = isPreflight(view, args)
      // A preflight carries no credentials that `skip` could go by: it is asked only where `deny` has a say.
      if (!settings.enabled || (isExempt && !deny)) return undefined
      const count = (): MaybePromise<Outcome | undefined> => (isExempt ? undefined : decide(args))
      const denyOrCount = (): MaybePromise<Outcome | undefined> =>
        deny ? after(deny(args), (denied) => (denied ? denyOutcome : count())) : count()
      return skip ? after(skip(args), (skipped) => (skipped ? undefined : denyOrCount())) : denyOrCount()
    },
  }
}

/** A refused preflight would reach scripts as a network error without any reason (Fetch standard, CORS protocol). */
function isPreflight<Args extends readonly unknown[]>(view: RequestView<Args>, args: Args): boolean {
  return (
    view.method(...args) === 'OPTIONS' && view.header('access-control-request-method', ...args) !== undefined
  )
}
