/** Histories of windows that once found a law broken, shrunk to what it takes. They are tried before random ones. */

import type { FixedParams } from './oracle/fixed-window.ts'
import { after, at, back, farBack, step, units } from './steps.ts'
import type { History } from './histories.ts'
import type { SlidingParams } from './oracle/sliding-window.ts'

export const fixedRegressions: History<FixedParams>[] = [
  // Ahead of now after a step back, and asked by another length: kept, or the step back would grant.
  at(
    [
      { limit: 1, window: 100, clock: true },
      { limit: 1, window: 1, clock: true },
    ],
    step(after(0), 'take', units(1)),
    step(farBack(1), 'take', units(1), 1),
  ),
  // Moved from further ahead than patience to an edge of another length, the window was over at once.
  at(
    [
      { limit: 1, window: 1, clock: true },
      { limit: 1, window: 90_000, clock: true },
    ],
    step(after(0), 'take', units(1)),
    step(back(50_000), 'ask', units(0)),
    step(back(55_000), 'take', units(1), 1),
  ),
]

/** Both kinds of sliding window. */
export const slidingRegressions: History<SlidingParams>[] = [
  // Given back entirely, a key is like none: time no longer stands still for it.
  at(
    [{ limit: 1, window: 100 }],
    step(after(0), 'take', units(1)),
    step(back(1), 'refund', units(1)),
    step(after(0), 'take', units(1)),
  ),
  at(
    [
      { limit: 1, window: 100 },
      { limit: 1, window: 1 },
    ],
    step(after(1), 'take', units(1)),
    step(back(1), 'refund', units(1)),
    step(after(0), 'take', units(1), 1),
  ),
  // What was over when the next was charged stays over when the clock steps back a little.
  at(
    [{ limit: 4, window: 13 }],
    step(after(0), 'take', units(1)),
    step(after(15), 'take', units(1)),
    step(back(1), 'take', units(0)),
  ),
  // A shorter window takes effect for a key that is exhausted.
  at(
    [
      { limit: 1, window: 3_600_000 },
      { limit: 1, window: 1000 },
    ],
    step(after(0), 'take', units(1)),
    step(after(30), 'take', units(1), 1),
    step(['wait', 0, 0], 'take', units(1), 1),
  ),
  // The sum of what is used and what is asked for does not fit a double.
  at(
    [{ limit: 2 ** 53 - 1, window: 1 }],
    step(after(0), 'take', units(4)),
    step(after(0), 'take', ['limit', 4, 0]),
  ),
]

export const logRegressions: History<SlidingParams>[] = [
  ...slidingRegressions,
  // An entry that left does not hold the time, nor does it come back when the newest is taken back.
  at(
    [{ limit: 1, window: 1 }],
    step(after(0), 'take', units(1)),
    step(after(1), 'refund', units(1)),
    step(back(20), 'take', units(1)),
  ),
  at(
    [{ limit: 2, window: 100 }],
    step(after(0), 'take', units(1)),
    step(after(99), 'take', units(1)),
    step(after(99), 'take', units(1)),
    step(farBack(1), 'refund', units(1)),
  ),
]
