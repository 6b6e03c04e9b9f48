/** Short words to write a history down with. */

import type { Cost, Gap, History, Move, Step } from './histories.ts'

const START = 1_800_000_000_000

/** A step in the order in which it is told: after this gap, this much, by these parameters. */
export const step = (gap: Gap, move: Move, cost: Cost, variant = 0): Step => ({
  gap,
  move,
  cost,
  variant,
  receipt: 0,
})
export const units = (n: number): Cost => ['units', n, 0]
export const after = (ms: number): Gap => ['ms', ms, 0]
export const back = (ms: number): Gap => ['back', ms, 0]
/** Back by quarters of the patience. */
export const farBack = (quarters: number): Gap => ['patience', quarters, 0]

export const at = <P>(variants: readonly P[], ...steps: Step[]): History<P> => ({
  variants,
  start: START,
  steps,
})
