import { refundOf } from '../charges.ts'
import { after, all, type MaybePromise } from '../maybe-promise.ts'
import type { Charge, Ruling, Slot, Store } from '../store.ts'
import { boundedMap } from './bounded-map.ts'
import { type IdentifiedSlot, stateIdOf } from './identity.ts'
import { type Block, isLeasable, settleBlock, tellSpent } from './lease-blocks.ts'
import type { Lease, Leases } from './leases.ts'
import { given, settle } from './wrapping.ts'

export interface LeaseSettings {
  readonly size: number
  /** Milliseconds. */
  readonly maxHold: number
  readonly maxKeys: number
  readonly now: () => number
}

/** Decides calls: from leases where these cover all charges, else at the store. */
export interface LeaseCalls {
  take(charges: readonly Charge[]): MaybePromise<Ruling>
  /** Drops what was asked for a key, or for all keys of a slot. */
  forget(slot: Slot, key: string | undefined): void
  /** Asks for no more blocks. */
  stop(): void
  /** The calls under way that asked for blocks. */
  underWay(): readonly MaybePromise<Ruling>[]
}

/** After a failure no blocks are taken for so many `maxHold`. */
const CALM = 10

/**
 * Makes what decides.
 * @param keep is handed what is left of each block that was granted
 */
export function createLeaseCalls(
  store: Store,
  leases: Leases,
  keep: (lease: Lease, ruling: Ruling) => void,
  { size, maxHold, maxKeys, now }: LeaseSettings,
): LeaseCalls {
  /** By the key that they were asked for: one at a time. */
  const blocks = new Map<string, Block>()
  /** When keys asked the store last: one that rarely does would pay twice, for its block and for giving it back. */
  const asked = boundedMap<number>(maxKeys)
  let isStopped = false
  /** When a call failed last: the store may have granted its blocks, and nobody learns of it. */
  let failedMs = -Infinity

  function isBusy(id: string, nowMs: number): boolean {
    const askedMs = asked.get(id) ?? -Infinity
    asked.set(id, nowMs)
    return nowMs - askedMs < 2 * maxHold
  }

  /** A block for a charge that may have one. */
  function blockFor(charge: Charge, id: string, sentMs: number): Block | undefined {
    if (!isLeasable(charge) || !isBusy(id, sentMs) || isStopped) return undefined
    if (sentMs - failedMs < CALM * maxHold) return undefined
    if (blocks.has(id) || leases.size + blocks.size >= maxKeys) return undefined
    const block = { charge, granted: { ...charge, upTo: size }, isForgotten: false, call: undefined }
    blocks.set(id, block)
    return block
  }

  /** Asks the store for what is not spent from leases. */
  function ask(charges: readonly Charge[], spent: readonly (Lease | undefined)[]): MaybePromise<Ruling> {
    const sentMs = now()
    const rests: Charge[] = []
    const mine = new Map<Charge, Block>()
    const sent = charges.flatMap((charge, index) => {
      if (spent[index]) return []
      const id = stateIdOf(charge)
      // Units that this process holds must not be what it is refused for.
      const rest = charge.kind === 'refund' ? undefined : leases.end(id)
      if (rest?.units) rests.push(refundOf({ ...rest, cost: rest.units, from: 'store' }))
      const block = blockFor(charge, id, sentMs)
      if (block) mine.set(block.granted, block)
      return block ? block.granted : charge
    })
    if (sent.length === charges.length && rests.length + mine.size === 0) return store.take(charges)

    function arrived(): void {
      for (const { charge } of mine.values()) blocks.delete(stateIdOf(charge))
    }
    const call = settle(
      store,
      () => store.take([...rests, ...sent]),
      (ruling) => {
        arrived()
        const times = { sentMs, cameMs: now(), maxHold }
        for (const block of mine.values()) {
          const lease = settleBlock(block, ruling, times)
          if (lease) keep(lease, ruling)
        }
        spent.forEach((lease, index) => {
          const charge = charges[index] as Charge
          if (lease && !ruling.allowed) leases.putBack(lease, charge.cost)
          if (lease) tellSpent(charge, lease, ruling.allowed ? ruling.at : lease.at, times.cameMs)
        })
        const told = ruling.told?.map((charge) => mine.get(charge)?.charge ?? charge)
        return told ? { ...ruling, told } : ruling
      },
      (error) => {
        arrived()
        failedMs = now()
        putBack(charges, spent)
        throw error
      },
    )
    for (const block of mine.values()) block.call = call
    return call
  }

  function putBack(charges: readonly Charge[], spent: readonly (Lease | undefined)[]): void {
    spent.forEach((lease, index) => lease && leases.putBack(lease, (charges[index] as Charge).cost))
  }

  function decide(charges: readonly Charge[], mayWait: boolean): MaybePromise<Ruling> {
    const spent = charges.map((charge) => (isLeasable(charge) ? leases.spend(charge) : undefined))
    const missing = charges.filter((_, index) => spent[index] === undefined)
    if (missing.length === 0 && charges.length > 0) {
      const at = Math.max(...spent.map((lease) => (lease as Lease).at))
      const nowMs = now()
      charges.forEach((charge, index) => tellSpent(charge, spent[index] as Lease, at, nowMs))
      return given(store, { allowed: true, at, source: 'lease' })
    }
    const coming = missing.map((charge) => (isLeasable(charge) ? blocks.get(stateIdOf(charge)) : undefined))
    if (!mayWait || !coming.every((block) => block !== undefined)) return ask(charges, spent)
    putBack(charges, spent)
    return after(all(coming.map(({ call }) => call)), () => decide(charges, false))
  }

  return {
    take: (charges) => decide(charges, true),
    forget(slot, key) {
      for (const [id, block] of blocks) {
        const isOf = id.startsWith((slot as IdentifiedSlot).stateOf)
        if (isOf && (key ?? block.charge.key) === block.charge.key) block.isForgotten = true
      }
    },
    stop() {
      isStopped = true
    },
    underWay: () => [...blocks.values()].map(({ call }) => call as MaybePromise<Ruling>),
  }
}
