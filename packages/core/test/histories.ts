/** Random histories of one key: what is asked, how much, and how the clock moves in between. */

import fc from 'fast-check'

/**
 * How the clock moves before a step: by milliseconds, by tenths of a window, to what the last answer promised,
 * back by milliseconds, or back by quarters of the patience; and a millisecond beside each.
 */
export type Gap = readonly [
  by: 'ms' | 'window' | 'wait' | 'reset' | 'back' | 'patience',
  n: number,
  off: number,
]

/** Units as they are, quarters of the limit, or what was last said to remain; and a unit beside each. */
export type Cost = readonly [of: 'units' | 'limit' | 'remaining', n: number, off: number]

/** A lease is a take that may be granted more than it asks for. */
export type Move = 'take' | 'ask' | 'force' | 'shadow' | 'refund' | 'lease'

export interface Step {
  readonly gap: Gap
  readonly move: Move
  readonly cost: Cost
  /** Which of the history's parameters ask. */
  readonly variant: number
  /** Which earlier charge a refund undoes, counted back from the newest. */
  readonly receipt: number
}

/** Variants are parameters that the same policy has in turn. */
export interface History<P> {
  readonly variants: readonly P[]
  readonly start: number
  readonly steps: readonly Step[]
}

/** Whether the clock steps back: never, by less than any patience, or by as much as it likes. */
export type Back = 'never' | 'a little' | 'at will'

const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })
const beside = fc.constantFrom(0, 0, -1, 1)
const by = <T extends Gap[0]>(...units: T[]): fc.Arbitrary<T> => fc.constantFrom(...units)

const few = fc.oneof(fc.constantFrom(0, 0, 1), whole(0, 30))
const forth: fc.Arbitrary<Gap> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(by('ms'), few, fc.constant(0)) },
  { weight: 3, arbitrary: fc.tuple(by('window'), whole(0, 34), beside) },
  { weight: 3, arbitrary: fc.tuple(by('wait', 'reset'), fc.constant(0), beside) },
)

const aLittle: fc.Arbitrary<Gap> = fc.tuple(by('back'), whole(1, 50), fc.constant(0))
const atWill: fc.Arbitrary<Gap> = fc.oneof(aLittle, fc.tuple(by('patience'), whole(1, 9), beside))

export function gaps(back: Back): fc.Arbitrary<Gap> {
  if (back === 'never') return forth
  const backwards = back === 'a little' ? aLittle : atWill
  return fc.oneof({ weight: 6, arbitrary: forth }, { weight: 1, arbitrary: backwards })
}

export const costs: fc.Arbitrary<Cost> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant<Cost[0]>('units'), whole(0, 8), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom<Cost[0]>('limit', 'remaining'), whole(1, 4), beside) },
)

const takes: Move[] = ['take', 'take', 'take', 'take', 'take']

/** All that may be asked of a store. */
export const moves: fc.Arbitrary<Move> = fc.constantFrom(
  ...takes,
  ...(['ask', 'shadow', 'force', 'refund', 'refund', 'lease'] as const),
)

const plainMoves = fc.constantFrom<Move>(...takes, 'ask')

/** What a history is about. */
export interface Topic<P> {
  readonly variants: fc.Arbitrary<readonly P[]>
  readonly start?: fc.Arbitrary<number>
  /** How long histories may get, where steps are slow. */
  readonly maxSteps?: number
}

/** Instants at which histories begin: a whole multiple of most windows, and one of none. */
export const starts: fc.Arbitrary<number> = fc.constantFrom(1_800_000_000_000, 1_753_142_387_911)

function historiesOf<P>(topic: Topic<P>, move: fc.Arbitrary<Move>, back: Back): fc.Arbitrary<History<P>> {
  const { variants, start = starts, maxSteps = 25 } = topic
  const variant = fc.constantFrom(0, 0, 0, 1, 2)
  const step = fc.record({ gap: gaps(back), move, cost: costs, variant, receipt: whole(0, 3) })
  return fc.record({ variants, start, steps: fc.array(step, { minLength: 1, maxLength: maxSteps }) })
}

export const histories = <P>(topic: Topic<P>, back: Back = 'at will'): fc.Arbitrary<History<P>> =>
  historiesOf(topic, moves, back)

/** Nothing but takes and asks: what promises about totals are made for. */
export const plainHistories = <P>(topic: Topic<P>, back: Back = 'never'): fc.Arbitrary<History<P>> =>
  historiesOf(topic, plainMoves, back)
