import type { Algorithm } from '../algorithm.ts'
import { numbers } from './shared.ts'

/** Units charged in the period from `start` to before `end`. The last two matter only where quotas roll over. */
export interface CalendarWindowState {
  start: number
  end: number
  used: number
  /** One more than the period before it used of its own quota; 0: nothing is known of that period. */
  before: number
  /** When all of this stops to matter: `end`, or where quotas roll over the end of the second period after it. */
  until: number
}

/** Whether it holds anything at all. A period of which all was given back still has what was carried into it. */
export const holdsAny = ({ used, before }: CalendarWindowState): boolean => used > 0 || before > 0

/** The text of a state: three numbers, or five where quotas roll over. */
export const calendarText: Pick<Algorithm<CalendarWindowState>, 'encode' | 'decode'> = {
  encode({ start, end, used, before, until }) {
    return String(until > end ? [start, end, used, before, until] : [start, end, used])
  },
  decode(text) {
    const parts = numbers(text)
    const [start = 0, end = 0, used = 0, before = 0, until = end] = parts
    const isOurs = parts.length === 3 || (parts.length === 5 && until > end)
    return isOurs ? { start, end, used, before, until } : { start: 0, end: 0, used: 0, before: 0, until: 0 }
  },
}
