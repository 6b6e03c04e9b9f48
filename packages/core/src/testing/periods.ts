import { type CalendarPeriod, calendarPeriods, WEEKDAYS, type Weekday } from '../algorithms/calendar.ts'

interface Calendar {
  timeZone?: string
  weekStart?: Weekday
  startDay?: number
  startMonth?: number
}

/** The period that holds an instant, as text. */
export function period(
  every: CalendarPeriod,
  at: string,
  calendar: Calendar = {},
): [start: string, end: string] {
  const { timeZone = 'UTC', weekStart = 'monday', startDay = 1, startMonth } = calendar
  const periods = calendarPeriods(every, timeZone, WEEKDAYS.indexOf(weekStart), startDay, startMonth)
  const { start, end } = periods(Date.parse(at))
  return [new Date(start).toISOString(), new Date(end).toISOString()]
}

export const midnight = (date: string): string => `${date}T00:00:00.000Z`

export const hours = ([start, end]: readonly [string, string]): number =>
  (Date.parse(end) - Date.parse(start)) / 3_600_000
