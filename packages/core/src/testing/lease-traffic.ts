import fc from 'fast-check'
import { vi } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { chargeOf, type PolicyCall, refundOf } from '../charges.ts'
import type { Ruling, Store } from '../store.ts'
import { lease } from '../stores/lease.ts'
import { memoryStore } from '../stores/memory.ts'
import { virtualTime } from './virtual-time.ts'

/** How long a call is on its way to the store, and its answer back, in milliseconds. */
const LATENCIES = [0, 1, 7, 40]

const PROCESSES = 3

/** 21 s before a full minute: a calendar's period ends on the way. */
const START = Date.UTC(2026, 5, 1, 12, 0, 39)

/** What one process does, and how much time passes then. */
export interface Step {
  readonly process: number
  readonly key: 'a' | 'b'
  readonly cost: number
  /** So many calls at once. */
  readonly burst: number
  readonly kind: 'take' | 'queue' | 'ask' | 'refund' | 'give back'
  readonly passes: number
  readonly latency: number
  /** By how much the store's clock is set back before. */
  readonly setsBack: number
}

export const step: fc.Arbitrary<Step> = fc.record({
  process: fc.nat(PROCESSES - 1),
  key: fc.constantFrom('a', 'a', 'a', 'b'),
  cost: fc.constantFrom(1, 1, 1, 2, 5),
  burst: fc.constantFrom(1, 1, 3, 12),
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.constantFrom('queue', 'ask', 'refund', 'give back') },
  ),
  passes: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 2, arbitrary: fc.integer({ min: 20, max: 400 }) },
    { weight: 1, arbitrary: fc.constantFrom(1500, 20_000) },
  ),
  latency: fc.constantFrom(...LATENCIES),
  setsBack: fc.constant(0),
})

/** The same with a clock that is set back now and then, in all by less than a key waits for. */
export const stepBack: fc.Arbitrary<Step> = fc
  .tuple(step, fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 900 })))
  .map(([one, setsBack]) => ({ ...one, setsBack }))

/** What was let through. */
export interface Admitted {
  readonly key: string
  /** 0 once it is refunded: what is given back is as if it never had been. */
  cost: number
  /** When it was charged or, where that was before, spent; in milliseconds that only go forward. */
  readonly atMs: number
  /** When the window ends that the store counted in then; 0: in none. */
  readonly windowEnd: number
}

export interface Played {
  readonly admitted: readonly Admitted[]
  /** Units that were charged for a process that died before it heard of it. */
  readonly lost: number
  /** What is used of a key, as the store sees it. */
  used(key: string): number
  /** Timers that are still set. */
  readonly timers: number
}

/** Plays traffic of several processes with leases on one store, until what is not spent is back. */
export async function play(
  algorithm: Algorithm,
  steps: readonly Step[],
  { size, maxHold, dies = [] }: { size: number; maxHold: number; dies?: readonly number[] },
): Promise<Played> {
  const time = virtualTime()
  vi.stubGlobal('setTimeout', time.setTimeout)
  vi.stubGlobal('clearTimeout', time.clearTimeout)
  let clockMs = START
  const nowMs = (): number => clockMs + Math.floor(time.now)
  const memory = memoryStore({ clock: nowMs })
  const bare = memory.open('policy', algorithm)
  const admitted: Admitted[] = []
  const receipts: { store: Store; receipt: PolicyCall; at: number; entry: Admitted }[] = []
  /** When the store decided, and the window that it counted in. */
  const decided = new WeakMap<Ruling, Pick<Admitted, 'atMs' | 'windowEnd'>>()
  const isDead = new Set<number>()
  let latency = 0
  let lost = 0

  function peek(key: string): PolicyCall {
    const charge = chargeOf('ask', { slot: bare, key, cost: 0 })
    memory.take([charge])
    return charge
  }
  function present(key: string): Pick<Admitted, 'atMs' | 'windowEnd'> {
    const { resetMs } = peek(key)
    return { atMs: time.now, windowEnd: resetMs > 0 ? nowMs() + resetMs : 0 }
  }

  const processes = Array.from({ length: PROCESSES }, (_, index) => {
    const remote: Store<'async'> = {
      mode: 'async',
      open: memory.open,
      async take(charges) {
        if (isDead.has(index)) throw new Error('dead')
        const oneWayMs = latency
        await time.sleep(oneWayMs)
        const ruling = memory.take(charges)
        const taken = charges.filter(({ kind }) => kind === 'take')
        if (taken[0]) decided.set(ruling, present(taken[0].key))
        await time.sleep(oneWayMs)
        if (!isDead.has(index)) return ruling
        if (ruling.allowed) for (const { cost } of taken) lost += cost
        throw new Error('dead')
      },
      forget: async (slot, key) => memory.forget(slot, key),
    }
    const store = lease(remote, { size, maxHold, now: () => time.now })
    return { index, store, slot: store.open('policy', algorithm) }
  })

  async function take({ process, key, cost, kind }: Step): Promise<void> {
    const { index, store, slot } = processes[process] as (typeof processes)[number]
    const receipt = chargeOf(kind === 'ask' ? 'ask' : 'take', { slot, key, cost })
    if (kind === 'queue' && algorithm.queues) receipt.withinMs = 300
    const ruling = await store.take([receipt])
    if (!ruling.allowed || kind === 'ask' || isDead.has(index)) return
    const { atMs, windowEnd } = (ruling.source === 'store' && decided.get(ruling)) || present(key)
    // Who queues goes on when it is due.
    const entry = { key, cost, atMs: atMs + receipt.retryAfterMs, windowEnd }
    admitted.push(entry)
    receipts.push({ store, receipt, at: receipt.at || ruling.at, entry })
  }

  async function refund(): Promise<void> {
    const undone = receipts.pop()
    if (undone === undefined) return
    undone.entry.cost = 0
    await undone.store.take([refundOf({ ...undone.receipt, at: undone.at })])
  }

  const calls: (void | Promise<unknown>)[] = []
  for (const one of steps) {
    latency = one.latency
    clockMs -= one.setsBack
    if (one.kind === 'give back') calls.push(processes[one.process]?.store.giveBack?.())
    else if (one.kind === 'refund') calls.push(refund().catch(() => undefined))
    else for (let made = 0; made < one.burst; made++) calls.push(take(one).catch(() => undefined))
    await time.pass(one.passes)
  }
  for (const index of dies) isDead.add(index)
  // Who waits for a block, asks and gives back has three ways to go, each there and back.
  await time.pass(6 * Math.max(...LATENCIES))
  await Promise.allSettled(calls.map((call) => Promise.resolve(call)))
  await time.pass(maxHold + 2 * Math.max(...LATENCIES))
  return {
    admitted,
    lost,
    used: (key) => algorithm.limit - peek(key).remaining,
    timers: time.timers,
  }
}
