/** Histories of quotas that roll over, in which a mistake is easily made and hardly found by chance. */

import type { Gap, History } from './histories.ts'
import type { CalendarParams } from './oracle/calendar-edges.ts'
import { after, step, units } from './steps.ts'

const DAY = 86_400_000
const day = { limit: 10, every: 'day', timeZone: 'UTC', rollover: 0.5 } as const
const month = { limit: 10, every: 'month', timeZone: 'UTC', rollover: 0.5 } as const

/** To the end of a period in which something was charged. */
const toTheNext: Gap = ['reset', 0, 0]

const from = (start: string, variants: readonly CalendarParams[], ...steps: History<unknown>['steps']) => ({
  variants,
  start: Date.parse(`${start}T12:00:00Z`),
  steps,
})

export const rolloverRegressions: History<CalendarParams>[] = [
  // Less is used than was carried over, and the rest of that is not carried again.
  from(
    '2026-06-01',
    [day],
    step(after(0), 'take', units(8)),
    step(toTheNext, 'take', units(1)),
    step(toTheNext, 'take', units(16)),
    step(after(0), 'take', units(15)),
    step(toTheNext, 'take', units(11)),
  ),
  // Refused until enough is carried over: by this day, by the next one, or never.
  from(
    '2026-06-01',
    [day],
    step(after(0), 'take', units(8)),
    step(after(0), 'take', units(12)),
    step(after(0), 'take', units(13)),
    step(after(0), 'take', units(16)),
    step(['wait', 0, 0], 'ask', units(12)),
    step(after(DAY), 'ask', units(13)),
    step(after(DAY), 'ask', units(15)),
    step(after(DAY), 'ask', units(11)),
  ),
  // Given back wholly, in a period into which something was carried.
  from(
    '2026-06-01',
    [day],
    step(after(0), 'take', units(5)),
    step(toTheNext, 'take', units(3)),
    step(after(1), 'refund', units(3)),
    step(after(0), 'take', units(15)),
  ),
  // Days, two of which end where the second month after the charge does.
  from(
    '2026-01-10',
    [month, day],
    step(after(0), 'take', units(1)),
    step(after(79 * DAY), 'take', units(11), 1),
    step(after(DAY), 'take', units(11), 1),
  ),
  // Months that begin a day earlier, and are together as long.
  from(
    '2026-12-10',
    [
      { ...month, startDay: 31 },
      { ...month, startDay: 30 },
    ],
    step(after(0), 'take', units(4)),
    step(after(0), 'take', units(2), 1),
    step(after(20 * DAY), 'take', units(15), 1),
  ),
  // The limit and what rolls over of it change while they are carried.
  from(
    '2026-06-01',
    [day, { ...day, limit: 20 }, { ...day, rollover: 1 }, { ...day, rollover: 0 }],
    step(after(0), 'take', units(4)),
    step(toTheNext, 'take', units(1)),
    step(after(0), 'ask', units(25), 1),
    step(after(0), 'ask', units(15), 2),
    step(after(0), 'take', units(10), 3),
    step(after(0), 'take', units(9), 3),
    step(toTheNext, 'take', units(15), 2),
  ),
]
