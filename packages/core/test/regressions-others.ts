/** Histories of all but windows that once found a law broken, shrunk to what it takes. */

import type { History } from './histories.ts'
import type { BucketParams } from './oracle/bucket.ts'
import type { CalendarParams } from './oracle/calendar-edges.ts'
import type { ConcurrencyParams } from './oracle/concurrency.ts'
import { after, at, back, farBack, step, units } from './steps.ts'

export const bucketRegressions: History<BucketParams>[] = [
  // Refused by a faster rate than it was counted under, and told a wait that has to come true.
  at(
    [
      { capacity: 4, refill: 1, per: 2 },
      { capacity: 4, refill: 10, per: 2 },
    ],
    step(after(0), 'take', units(1)),
    step(after(0), 'take', units(4), 1),
    step(['wait', 0, 0], 'take', units(4), 1),
  ),
  // Charged and given back while time stands still.
  at(
    [{ capacity: 2, refill: 10, per: 100 }],
    step(after(0), 'take', units(1)),
    step(farBack(1), 'take', units(1)),
    step(after(0), 'refund', units(1)),
  ),
]

const week = { limit: 1, every: 'week', weekStart: 'monday' } as const

export const calendarRegressions: History<CalendarParams>[] = [
  // Given back under another calendar than it was counted under.
  {
    variants: [
      { ...week, timeZone: 'America/New_York' },
      { ...week, timeZone: 'UTC' },
    ],
    start: Date.parse('2026-03-29T01:00:00Z'),
    steps: [
      step(after(0), 'take', units(1)),
      step(['reset', 0, 0], 'take', units(1), 1),
      { ...step(back(1), 'refund', units(1)), receipt: 1 },
      step(after(0), 'take', units(0)),
    ],
  },
]

export const concurrencyRegressions: History<ConcurrencyParams>[] = [
  // However often slots are taken while the clock is behind, none is waited for longer than ttl and patience.
  at(
    [{ limit: 1, ttl: 100 }],
    step(after(0), 'take', units(1)),
    step(farBack(1), 'force', units(1)),
    step(farBack(4), 'take', units(1)),
  ),
  // What has expired stays free when time steps back.
  at(
    [{ limit: 3, ttl: 2 }],
    step(after(0), 'take', units(1)),
    step(after(1), 'take', units(1)),
    step(after(1), 'take', units(1)),
    step(back(1), 'take', units(0)),
  ),
  // A refund of nothing works on lists that the key shares.
  at(
    [{ limit: 2, ttl: 1 }],
    step(after(0), 'take', units(1)),
    step(back(1), 'take', units(1)),
    step(after(1), 'refund', units(0)),
    step(farBack(1), 'take', units(0)),
  ),
  at(
    [{ limit: 2 ** 53 - 1, ttl: 1 }],
    step(after(0), 'take', units(4)),
    step(after(0), 'take', ['limit', 4, 0]),
  ),
]
