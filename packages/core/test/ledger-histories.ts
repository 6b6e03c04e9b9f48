/** Random dealings with balances, and what a ledger says of each. */

import fc from 'fast-check'
import { expect } from 'vitest'
import type { Decision } from '../src/algorithm.ts'
import { createLimiter } from '../src/limiter.ts'
import type { Limiter } from '../src/limiter-types.ts'
import { fixedWindow, prepaid } from '../src/index.ts'
import type { Store } from '../src/store.ts'
import { type Account, account } from './oracle/ledger.ts'

/** How many units a client's window has. */
const BURST = 12

type Move =
  | { readonly does: 'grant'; readonly key: string; readonly units: number; readonly id: string }
  | { readonly does: 'take' | 'peek'; readonly key: string; readonly cost: number; readonly client?: string }
  | { readonly does: 'refund'; readonly which: number; readonly cost: number | undefined }
  | { readonly does: 'settle'; readonly key: string; readonly cost: number; readonly actual: number }
  | { readonly does: 'reset'; readonly key: string }

const key = fc.constantFrom('ada', 'eve')
const few = fc.integer({ min: 0, max: 9 })

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('grant'),
      key,
      units: fc.integer({ min: 1, max: 20 }),
      id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('take'), key, cost: few }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('take'),
      key,
      cost: few,
      client: fc.constantFrom('here', 'ada'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('peek'), key, cost: few }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('refund'),
      which: fc.nat(3),
      cost: fc.option(few, { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('settle'),
      key,
      cost: few,
      actual: fc.integer({ min: 0, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reset'), key }) },
)

export const dealings: fc.Arbitrary<readonly Move[]> = fc.array(move, { minLength: 1, maxLength: 30 })

export type Bank = Limiter<'sync' | 'async', 'credits' | 'burst'>

/** A limiter of balances and, where a client is told, of a window for each client. */
export const bankOn = (store: Store): Bank =>
  createLimiter({
    store,
    policies: [
      { name: 'credits', algorithm: prepaid() },
      { name: 'burst', algorithm: fixedWindow({ limit: BURST, window: '1h' }) },
    ],
  })

interface Made {
  readonly decision: Decision
  readonly of: string
  readonly client: string | undefined
  left: number
}

/** Has a limiter make all moves, under keys of their own, and compares what it tells with the ledger. */
export async function dealWith(bank: Bank, moves: readonly Move[], prefix: string): Promise<void> {
  const accounts = new Map<string, Account>()
  const bursts = new Map<string, number>()
  let made: Made[] = []

  function accountOf(name: string): Account {
    const found = accounts.get(name) ?? account()
    accounts.set(name, found)
    return found
  }
  const figuresOf = (name: string): object => {
    const of = accountOf(name)
    return { limit: of.limit(), remaining: of.remaining() }
  }
  const used = (client: string): number => bursts.get(client) ?? 0
  const targetOf = (name: string, client?: string): { credits: string; burst?: string } => ({
    credits: prefix + name,
    ...(client !== undefined && { burst: prefix + client }),
  })

  /** Compares a decision, and books what it charged. */
  function settleUp(decision: Decision, name: string, cost: number, client?: string, isAsked = false): void {
    const of = accountOf(name)
    const fits = cost <= of.remaining()
    const burstFits = client === undefined || cost <= BURST - used(client)
    const charged = fits && burstFits && !isAsked ? cost : 0
    of.take(charged)
    const [credits, burst] = decision.policies
    expect(decision.allowed).toBe(fits && burstFits)
    expect(credits).toMatchObject({
      ...figuresOf(name),
      allowed: fits,
      retryAfterMs: fits ? 0 : Infinity,
      resetMs: of.isFull() ? 0 : Infinity,
      windowMs: Infinity,
    })
    if (client !== undefined) {
      bursts.set(client, used(client) + charged)
      expect(burst).toMatchObject({ allowed: burstFits, remaining: BURST - used(client) })
    }
    if (charged > 0) made.push({ decision, of: name, client, left: charged })
  }

  async function refund(which: number, cost: number | undefined): Promise<void> {
    const one = made.at(-1 - which)
    if (one === undefined) return
    await bank.refund(one.decision, cost === undefined ? undefined : { cost })
    const back = Math.min(one.left, cost ?? one.left)
    accountOf(one.of).giveBack(back)
    if (one.client !== undefined) bursts.set(one.client, used(one.client) - back)
    // A second refund of a decision does nothing.
    await bank.refund(one.decision)
    made = made.filter((other) => other !== one)
  }

  async function settle(name: string, cost: number, actual: number): Promise<void> {
    const of = accountOf(name)
    const { decision, settle: done } = await bank.reserve(targetOf(name), { cost })
    settleUp(decision, name, cost)
    if (!decision.allowed || cost === 0) return
    made.pop()
    const quota = of.limit()
    await done(actual)
    if (actual < cost) of.giveBack(cost - actual)
    else of.take(Math.min(actual - cost, quota))
  }

  for (const one of moves) {
    if (one.does === 'grant') {
      const told = await bank.grant({ credits: prefix + one.key }, one.units, { id: one.id })
      const granted = accountOf(one.key).grant(one.id, one.units)
      expect(told).toEqual({ granted, ...figuresOf(one.key) })
    } else if (one.does === 'take') {
      const decision = await bank.take(targetOf(one.key, one.client), { cost: one.cost })
      settleUp(decision, one.key, one.cost, one.client)
    } else if (one.does === 'peek') {
      settleUp(await bank.peek(targetOf(one.key), { cost: one.cost }), one.key, one.cost, undefined, true)
    } else if (one.does === 'refund') await refund(one.which, one.cost)
    else if (one.does === 'settle') await settle(one.key, one.cost, one.actual)
    else {
      await bank.reset({ credits: prefix + one.key })
      accounts.delete(one.key)
      made = made.filter(({ of }) => of !== one.key)
    }
  }
  for (const name of accounts.keys())
    expect((await bank.peek(targetOf(name), { cost: 0 })).policies[0]).toMatchObject(figuresOf(name))
}
