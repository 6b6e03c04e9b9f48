import type { Decision } from '../algorithm.ts'
import { chargeOf, type PolicyCall } from '../charges.ts'
import { type Duration, durationMs, knownOptions, refuse, wholeNumber } from '../check.ts'
import { decisionOf } from '../decision.ts'
import type { LimiterEvents } from '../events.ts'
import type { Limiter } from '../limiter-types.ts'
import { limiterOf } from '../limiter.ts'
import { namedPolicy } from '../policies.ts'
import type { OnStoreError } from '../store.ts'
import { failurePolicy } from '../stores/failure-policy.ts'
import { type FlexibleLimiter, figuresOf } from './rate-limiter-flexible-limiter.ts'
import { flexibleStore } from './rate-limiter-flexible-store.ts'

export interface FlexibleOptions<Name extends string = 'default'> {
  /** Tells its policy from others in headers and decisions: 1 to 100 printable ASCII characters. Default `'default'`. */
  name?: Name
  /** How long each of its calls may take; after that it fails, and `onStoreError` answers. Default `'1s'`. */
  timeout?: Duration
  /** What answers while it rejects with an Error or not in time. Default `'local'`: the same points, counted in this process. */
  onStoreError?: OnStoreError
  on?: LimiterEvents
}

/** A limiter of rate-limiter-flexible in the form of ours. */
export interface FlexibleBridge<Name extends string = 'default'> extends Limiter<'async', Name> {
  /**
   * Charges units whether they fit or not: a whole number from 0, default 1. `allowed` tells whether they fitted. Rejects
   * while the limiter does not answer: nobody else can charge them.
   * @throws TypeError, RangeError for a key or units that are none
   */
  penalty(key: string, units?: number): Promise<Decision>
}

/**
 * Makes a limiter of one that rate-limiter-flexible 11 has, so that its databases work: by itself, or for
 * `rateLimit({ limiter })`. Keys are stored under its own prefix, so what counts by it directly counts together.
 *
 * It is a fixed window of `points` units that opens at a key's first charge and lasts `duration` (0: it never ends), so at
 * worst 2 * `points` pass within one. Its insurance limiter, wrappers, blocks and `execEvenly` work as they do there.
 *
 * Decisions are as exact as its answers, and some of our promises it cannot keep:
 * - a refused take is charged all the same, so that smaller costs that would have fitted do not fit any more, and
 *   a block may begin or grow (`blockDuration`, `blockOnConsumed`). Only a cost above `points` is not charged: it is
 *   looked at first, and refused without a wait to tell. Nor is a cost of 0;
 * - of several keys in one `decide`, those in front of the one that is refused stay charged;
 * - a refund gives points to the window that is open. It looks first whether that is the window of its charge, and
 *   gives nothing otherwise; but the two are two calls, and with a `duration` of 0 all are the same;
 * - `execEvenly` holds allowed takes back: that time counts on top of `timeout`, and `at` is when it was over;
 * - of an insurance limiter nothing tells that it answered: `remaining` and waits are its own, `limit` is not;
 * - `peek` says what its `get` says, which for lists with `runActionAnyway` is not what a take would be told;
 * - `update`, `resetAll` and an algorithm in `decide` are refused. Set its `points` to change them.
 *
 * @param limiter any of its classes that can consume, get, penalty, reward and delete
 * @throws TypeError, RangeError for a limiter that cannot do these or whose points or duration are out of range, and for
 * options out of range
 */
export function fromRateLimiterFlexible<const Name extends string = 'default'>(
  limiter: FlexibleLimiter,
  options: FlexibleOptions<Name> = {},
): FlexibleBridge<Name> {
  knownOptions('fromRateLimiterFlexible', options, ['name', 'timeout', 'onStoreError', 'on'])
  const { timeout = '1s', onStoreError, on = {} } = options
  const figures = figuresOf(limiter)
  const { algorithm } = figures
  const policy = { ...namedPolicy(options, ''), algorithm }
  const flexible = flexibleStore(limiter, figures, durationMs('timeout', timeout))
  const store = failurePolicy(flexible, onStoreError, on)
  const bridge = limiterOf<'async', Name>([policy], { store, on })
  const slot = store.open(policy.name, algorithm)
  const { close } = bridge
  let isClosed = false

  async function charge(call: PolicyCall): Promise<Decision> {
    return decisionOf([call], true, await store.take([call]))
  }

  return Object.assign(bridge, {
    penalty(key: string, units: number = 1): Promise<Decision> {
      if (isClosed) throw new Error('the limiter is closed')
      if (typeof key !== 'string' || key === '') refuse('key', 'non-empty text', key)
      return charge(chargeOf('force', { slot, key, cost: wholeNumber('units', units) }))
    },
    close() {
      isClosed = true
      return close()
    },
  })
}
