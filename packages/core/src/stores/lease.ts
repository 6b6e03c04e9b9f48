import type { DecisionSource } from '../algorithm.ts'
import { refundOf } from '../charges.ts'
import { type Duration, durationMs, functionOf, knownOptions, wholeNumber } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Mode, Ruling, Slot, Store } from '../store.ts'
import { identified } from './identity.ts'
import { type LeasedSlot, mostOf } from './lease-blocks.ts'
import { createLeaseCalls, type LeaseSettings } from './lease-calls.ts'
import { createLeases, type Lease } from './leases.ts'
import { settle, wrapping } from './wrapping.ts'

export interface LeaseOptions {
  /** Units to take at once at the most, with those asked for; from 2. At least the calls in flight on a busy key. */
  size: number
  /** For how long units are held that were taken ahead, from 1 ms to 10 years. Default `'1s'`. */
  maxHold?: Duration
  /** Keys that have units at the most; others ask the store for each decision. From 1; default 10,000. */
  maxKeys?: number
  /** Milliseconds that only go forward, for tests. Default: `performance.now()`. */
  now?: () => number
}

/**
 * Takes units of busy keys in blocks, and spends them in this process: one call of the store for up to `size` units.
 *
 * A key that asked the store within the last two `maxHold` takes a block of min(`size`, an eighth of what remains),
 * but at least its cost. Calls that come meanwhile wait for it, once, and are decided then. What is not spent within
 * `maxHold` goes back by receipt, and it goes back in the same call whenever the store is asked about its key. Charges
 * other than takes, takes that may queue, and policies whose charges are held, which are balances, or whose limit is
 * below 16 are the store's alone.
 *
 * Bounds, for N processes, of one key:
 * - admitted in any time of T ms <= the policy's own bound for T + `maxHold`, whatever N is. Every unit is charged before
 *   it is spent, less than `maxHold` before (counted from before the store was asked): what is spent within T was charged
 *   within the T + `maxHold` before its end, and of those charges the store keeps the bound;
 * - fixed and calendar windows: admitted <= `limit` per window, as without leases. A lease ends 50 ms before its window,
 *   counted from before the store was asked, so what is spent was charged in the same window. It goes by the wait that the
 *   store told: where the store's clock is set forward, the old window's units last for `maxHold` all the same;
 * - stranded (charged and not to be had by others) <= N * `size`, for `maxHold` and the time that a call takes. A
 *   process that is killed, or cannot reach the store then, leaves them charged: they come back as all charges do. So
 *   does one block of a key whose call got no answer; after such a failure none is taken for ten `maxHold`.
 *   A reset of a key drops them here; other processes may spend theirs for another `maxHold`.
 *
 * A decision without the store has the source `'lease'`: `remaining` is what remained when the block was taken and
 * what of it is left, and its receipt is that of the block. Put it around a deny cache, as `redisStore` does: then what this
 * process holds is spent before a refusal is remembered for it.
 *
 * @throws TypeError, RangeError for options that are unknown, missing or out of range
 */
export function lease<M extends Mode>(store: Store<M>, options: LeaseOptions): Store<M> {
  knownOptions('lease', options, ['size', 'maxHold', 'maxKeys', 'now'])
  const { maxHold = '1s', maxKeys = 10_000, now = () => performance.now() } = options
  const settings: LeaseSettings = {
    size: wholeNumber('lease.size', options.size, 2),
    maxHold: durationMs('lease.maxHold', maxHold),
    maxKeys: wholeNumber('lease.maxKeys', maxKeys, 1),
    now: functionOf('now', now),
  }
  const leases = createLeases(giveBack, now)
  const calls = createLeaseCalls(store, leases, keep, settings)
  /** Units that go back to the store right now. */
  const onTheWay = new Set<MaybePromise<unknown>>()

  /** What fails is lost: nobody waits for it, and a second try could give back twice. */
  function giveBack({ slot, key, units, at }: Lease, from: DecisionSource = 'store'): void {
    const refund = refundOf({ slot, key, cost: units, at, from })
    const done = settle<unknown>(
      store,
      () => store.take([refund]),
      () => undefined,
      () => undefined,
    )
    if (store.mode === 'sync') return
    onTheWay.add(done)
    void after(done, () => onTheWay.delete(done))
  }

  function keep(left: Lease, { source }: Ruling): void {
    // What stands in for a store may be gone by the time that units go back.
    if (source === 'store' && now() < left.endsMs) leases.add(left)
    else giveBack(left, source)
  }

  async function giveAllBack(): Promise<void> {
    leases.endAll()
    // Whoever waits for a block has its part of it first.
    await Promise.allSettled(calls.underWay().map((call) => Promise.resolve(call)))
    leases.endAll()
    await Promise.all(onTheWay)
  }

  const emptied = (): MaybePromise<void> => (store.mode === 'sync' ? leases.endAll() : giveAllBack())

  function forget(slot: Slot, key: string | undefined): MaybePromise<void> {
    // Before, so that nothing is spent of it any more; afterwards, because of what was taken meanwhile.
    const drop = (): void => {
      leases.forget(slot, key)
      calls.forget(slot, key)
    }
    drop()
    return after(store.forget(slot, key), drop)
  }

  return wrapping(store, {
    // The `at` of what is spent from a lease is that of its block.
    ...(!store.wallClock && { wallClock: Date.now }),
    open(name, algorithm): LeasedSlot {
      return { ...identified(store.open(name, algorithm)), most: mostOf(algorithm, settings.size) }
    },
    take: calls.take as Store<M>['take'],
    forget: forget as Store<M>['forget'],
    giveBack: () => after(emptied(), () => store.giveBack?.()) as void | Promise<void>,
    close() {
      calls.stop()
      return after(emptied(), () => store.close?.()) as void | Promise<void>
    },
  })
}
