import { calendarWindow } from './calendar-window.ts'
import { concurrency } from './concurrency.ts'
import { fixedWindow } from './fixed-window.ts'
import { prepaid } from './prepaid.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindowStrict } from './sliding-window-strict.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'
import type { Twin } from './twin.ts'

/** The twins by kind of algorithm. */
export const twins: Readonly<Record<string, Twin>> = {
  calendarWindow,
  concurrency,
  fixedWindow,
  prepaid,
  slidingLog,
  slidingWindow,
  slidingWindowStrict,
  tokenBucket,
}
