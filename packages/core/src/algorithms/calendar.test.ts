import { afterEach, describe, expect, it, vi } from 'vitest'
import { hours, midnight, period } from '../testing/periods.ts'
import { WEEKDAYS, type Weekday } from './calendar.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a day', () => {
  it('is from midnight to before midnight', () => {
    const day = [midnight('2026-06-01'), midnight('2026-06-02')]
    expect(period('day', '2026-06-01T00:00:00.000Z')).toEqual(day)
    expect(period('day', '2026-06-01T23:59:59.999Z')).toEqual(day)
    expect(period('day', '2026-06-02T00:00:00.000Z')[0]).toBe(day[1])
    expect(period('day', '2026-05-31T23:59:59.999Z')[1]).toBe(day[0])
  })

  it('has 23 hours in Paris when summer begins, and 25 when it ends', () => {
    const timeZone = 'Europe/Paris'
    const short = period('day', '2026-03-29T12:00:00Z', { timeZone })
    expect(short).toEqual(['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'])
    const long = period('day', '2026-10-25T12:00:00Z', { timeZone })
    expect(long).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'])
    expect([hours(short), hours(long)]).toEqual([23, 25])
    for (const at of ['2026-10-24T22:00:00.000Z', '2026-10-25T00:30:00Z', '2026-10-25T22:59:59.999Z']) {
      expect(period('day', at, { timeZone })).toEqual(long)
    }
  })
})

describe('a week', () => {
  it('begins on Monday, unless another day is given', () => {
    const wednesday = '2026-06-03T12:00:00Z'
    expect(period('week', wednesday)).toEqual([midnight('2026-06-01'), midnight('2026-06-08')])
    const starts = {
      sunday: '05-31',
      tuesday: '06-02',
      wednesday: '06-03',
      thursday: '05-28',
      saturday: '05-30',
    }
    for (const [weekStart, start] of Object.entries(starts)) {
      expect(period('week', wednesday, { weekStart: weekStart as Weekday })[0]).toBe(
        midnight(`2026-${start}`),
      )
    }
  })

  it('ends with the last millisecond before its day', () => {
    const weekStart = 'sunday'
    expect(period('week', '2026-06-06T23:59:59.999Z', { weekStart })[1]).toBe(midnight('2026-06-07'))
    expect(period('week', '2026-06-07T00:00:00.000Z', { weekStart })[0]).toBe(midnight('2026-06-07'))
  })

  it('has an hour less or more where the clocks change within it', () => {
    const timeZone = 'America/New_York'
    expect(hours(period('week', '2026-03-10T12:00:00Z', { timeZone, weekStart: 'sunday' }))).toBe(167)
    expect(hours(period('week', '2026-11-03T12:00:00Z', { timeZone, weekStart: 'sunday' }))).toBe(169)
    expect(hours(period('week', '2026-03-10T12:00:00Z', { timeZone }))).toBe(168)
  })

  it('goes on across the end of a year', () => {
    expect(period('week', '2027-01-01T00:00:00Z')).toEqual([midnight('2026-12-28'), midnight('2027-01-04')])
  })
})

describe('an hour and a minute', () => {
  it('are those of the wall clock', () => {
    expect(period('hour', '2026-06-01T12:59:59.999Z')).toEqual([
      '2026-06-01T12:00:00.000Z',
      '2026-06-01T13:00:00.000Z',
    ])
    expect(period('minute', '2026-06-01T12:59:59.999Z')[0]).toBe('2026-06-01T12:59:00.000Z')
    expect(period('minute', '2026-06-01T13:00:00.000Z')[0]).toBe('2026-06-01T13:00:00.000Z')
    const kathmandu = period('hour', '2026-06-01T12:00:00Z', { timeZone: 'Asia/Kathmandu' })
    expect(kathmandu).toEqual(['2026-06-01T11:15:00.000Z', '2026-06-01T12:15:00.000Z'])
  })

  it('that the clocks repeat are two', () => {
    const timeZone = 'Europe/Paris'
    const [first] = period('hour', '2026-10-25T00:30:00Z', { timeZone })
    const [second] = period('hour', '2026-10-25T01:30:00Z', { timeZone })
    expect([first, second]).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z'])
  })

  it('hold instants before 1970, too', () => {
    expect(period('minute', '1969-12-31T23:59:30.500Z')).toEqual([
      '1969-12-31T23:59:00.000Z',
      midnight('1970-01-01'),
    ])
    expect(period('month', '1969-12-31T23:59:59.999Z')).toEqual([
      midnight('1969-12-01'),
      midnight('1970-01-01'),
    ])
  })
})

describe('the edges of a period', () => {
  it.each(['day', 'week', 'month', 'year'] as const)('of a %s take few questions to find', (every) => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts')
    for (let day = 1; day <= 31; day++) {
      for (const weekStart of WEEKDAYS) {
        asked.mockClear()
        period(every, new Date(Date.UTC(2026, 11, day)).toISOString(), { weekStart, startDay: 15 })
        // Five for each date whose beginning is asked for: of the period and the next, and of the next to those.
        expect(asked.mock.calls.length).toBeLessThanOrEqual(30)
      }
    }
  })
})
