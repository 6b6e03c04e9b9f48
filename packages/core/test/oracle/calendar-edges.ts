/**
 * Where calendar periods begin and end, found by looking at the wall clock and nothing else: instants belong to
 * the same period when their local dates do, and the edges are searched for, millisecond by millisecond.
 */

import { firstMs } from './search.ts'

export type Every = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

export interface CalendarParams {
  readonly limit: number
  readonly every: Every
  readonly timeZone: string
  readonly weekStart?: (typeof WEEKDAYS)[number]
  readonly startDay?: number
  readonly startMonth?: number
  readonly rollover?: number
}

export interface Period {
  readonly start: number
  readonly end: number
}

const MINUTE = 60_000
const DAY = 86_400_000

/** No period is as long as this. */
const LONGER: Record<Every, number> = {
  minute: MINUTE + 1,
  hour: 60 * MINUTE + 1,
  day: 2 * DAY,
  week: 9 * DAY,
  month: 33 * DAY,
  year: 368 * DAY,
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The wall clock of a zone, as the instant at which UTC's shows the same. */
function wallClock(t: number, timeZone: string): number {
  let clock = clocks.get(timeZone)
  if (!clock) {
    const two = '2-digit'
    const fields = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone, ...fields })
    clocks.set(timeZone, clock)
  }
  return Date.parse(`${clock.format(t).replace(' ', 'T')}Z`) + (((t % 1000) + 1000) % 1000)
}

const lastDay = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate()

/** A name for the period that holds `t`: equal for all instants of it, and for no others near it. */
function nameOf(t: number, params: CalendarParams): string {
  const { every, timeZone, weekStart = 'monday', startDay = 1, startMonth = 1 } = params
  const wall = wallClock(t, timeZone)
  // An hour that the clocks repeat is two hours.
  if (every === 'minute') return `${Math.floor(wall / MINUTE)} ${wall - t}`
  if (every === 'hour') return `${Math.floor(wall / (60 * MINUTE))} ${wall - t}`
  const local = new Date(wall)
  if (every === 'month' || every === 'year') {
    const year = local.getUTCFullYear()
    const month = local.getUTCMonth()
    const begun = local.getUTCDate() >= Math.min(startDay, lastDay(year, month))
    const months = year * 12 + month - (begun ? 0 : 1)
    return `${every === 'month' ? months : Math.floor((months - (startMonth - 1)) / 12)}`
  }
  const first =
    every === 'day' ? wall : wall - ((local.getUTCDay() - WEEKDAYS.indexOf(weekStart) + 7) % 7) * DAY
  return `${Math.floor(first / DAY)}`
}

const known = new Map<string, Period[]>()

export function periodOf(now: number, params: CalendarParams): Period {
  const { every, timeZone, weekStart, startDay, startMonth } = params
  const id = `${every} ${timeZone} ${weekStart} ${startDay} ${startMonth}`
  const periods = known.get(id) ?? []
  known.set(id, periods)
  const found = periods.find(({ start, end }) => start <= now && now < end)
  if (found) return found
  const name = nameOf(now, params)
  const before = now - LONGER[every]
  const start = before + firstMs(before, (t) => t >= now || nameOf(t, params) === name)
  const end = now + firstMs(now, (t) => t >= now + LONGER[every] || nameOf(t, params) !== name)
  const period = { start, end }
  periods.push(period)
  return period
}
