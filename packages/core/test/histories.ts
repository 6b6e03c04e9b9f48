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

const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })
const beside = fc.constantFrom(0, 0, -1, 1)

const forth = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant('ms' as const),
      fc.oneof(fc.constantFrom(0, 0, 1), whole(0, 30)),
      fc.constant(0),
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant('window' as const), whole(0, 34), beside) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('wait' as const, 'reset' as const), fc.constant(0), beside),
  },
)

const back = fc.oneof(
  fc.tuple(fc.constant('back' as const), whole(1, 50), fc.constant(0)),
  fc.tuple(fc.constant('patience' as const), whole(1, 9), beside),
)

export const gap = (stepsBack: boolean): fc.Arbitrary<Gap> =>
  stepsBack ? fc.oneof({ weight: 6, arbitrary: forth }, { weight: 1, arbitrary: back }) : forth

export const cost: fc.Arbitrary<Cost> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('units' as const), whole(0, 8), fc.constant(0)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('limit' as const, 'remaining' as const), whole(1, 4), beside),
  },
)

export const move: fc.Arbitrary<Move> = fc.constantFrom(
  ...([
    'take',
    'take',
    'take',
    'take',
    'take',
    'ask',
    'shadow',
    'force',
    'refund',
    'refund',
    'lease',
  ] as const),
)

const step = (moves: fc.Arbitrary<Move>, stepsBack: boolean): fc.Arbitrary<Step> =>
  fc.record({
    gap: gap(stepsBack),
    move: moves,
    cost,
    variant: fc.constantFrom(0, 0, 0, 1, 2),
    receipt: whole(0, 3),
  })

/** Instants at which histories begin: an ordinary one, and one so small that little can be before it. */
const starts: fc.Arbitrary<number> = fc.constantFrom(
  1_800_000_000_000,
  1_800_000_000_000,
  1_753_142_387_911,
  7,
)

export function histories<P>(variants: fc.Arbitrary<readonly P[]>, start = starts): fc.Arbitrary<History<P>> {
  return fc.record({ variants, start, steps: fc.array(step(move, true), { minLength: 1, maxLength: 25 }) })
}

/** One set of parameters, and nothing but takes and refused asks: what promises about totals are made for. */
export function plainHistories<P>(
  variants: fc.Arbitrary<readonly P[]>,
  stepsBack: boolean,
  start = starts,
): fc.Arbitrary<History<P>> {
  const steps = fc.array(step(fc.constantFrom('take', 'take', 'take', 'ask'), stepsBack), {
    minLength: 1,
    maxLength: 25,
  })
  return fc.record({ variants: variants.map((all) => all.slice(0, 1)), start, steps })
}
