import { describe, expect, it } from 'vitest'
import { type CalendarPeriod, calendarPeriods } from './calendar.ts'

/** The edges of the periods around an instant: of the one before, of its own, of the one after. */
function edges(every: CalendarPeriod, timeZone: string, at: string): string[] {
  const periods = calendarPeriods(every, timeZone, 1, 1)
  const { start, end } = periods(Date.parse(at))
  return [periods(start - 1).start, start, end, periods(end).end].map((ms) =>
    new Date(ms).toISOString().slice(0, 16),
  )
}

describe('a midnight that the clocks skip', () => {
  it.each([
    // São Paulo, 4 November 2018: 00:00 was 01:00, three hours behind UTC.
    ['America/Sao_Paulo', '2018-11-04T12:00Z', '2018-11-04T03:00', '2018-11-05T02:00'],
    // Cairo, 28 April 2023, a Friday: 00:00 was 01:00.
    ['Africa/Cairo', '2023-04-28T12:00Z', '2023-04-27T22:00', '2023-04-28T21:00'],
    // Beirut, 27 March 2022: 00:00 was 01:00.
    ['Asia/Beirut', '2022-03-27T12:00Z', '2022-03-26T22:00', '2022-03-27T21:00'],
    // Santiago, 11 September 2022: 00:00 was 01:00.
    ['America/Santiago', '2022-09-11T12:00Z', '2022-09-11T04:00', '2022-09-12T03:00'],
  ])('begins a day of 23 hours with the jump: %s', (timeZone, at, start, end) => {
    expect(edges('day', timeZone, at).slice(1, 3)).toEqual([start, end])
    expect(edges('day', timeZone, `${start}:00Z`)[1]).toBe(start)
    expect(edges('day', timeZone, new Date(Date.parse(`${start}:00Z`) - 1).toISOString())[2]).toBe(start)
  })
})

describe('a midnight that comes twice', () => {
  it('begins the day the first time: Havana, 1 November 2026, 01:00 is 00:00 again', () => {
    expect(edges('day', 'America/Havana', '2026-11-01T12:00Z').slice(1, 3)).toEqual([
      '2026-11-01T04:00',
      '2026-11-02T05:00',
    ])
  })

  it('that the clocks are set back from begins the day an hour later: São Paulo, 18 February 2018', () => {
    expect(edges('day', 'America/Sao_Paulo', '2018-02-17T12:00Z').slice(1, 3)).toEqual([
      '2018-02-17T02:00',
      '2018-02-18T03:00',
    ])
    expect(edges('month', 'Asia/Beirut', '2023-10-30T12:00Z')[2]).toBe('2023-10-31T22:00')
  })
})

describe('a day of which the clocks are set back into the day before', () => {
  it("goes on: St. John's, 7 November 2010, 00:01 was 23:01", () => {
    for (const at of ['02:30Z', '02:30:59.999Z', '02:31Z', '03:29:59.999Z', '03:30Z']) {
      expect(edges('day', 'America/St_Johns', `2010-11-07T${at}`)).toEqual([
        '2010-11-06T02:30',
        '2010-11-07T02:30',
        '2010-11-08T03:30',
        '2010-11-09T03:30',
      ])
    }
  })
})

describe('zones that went over the date line', () => {
  it('had no 30 December 2011 in Samoa', () => {
    expect(edges('day', 'Pacific/Apia', '2011-12-30T12:00Z')).toEqual([
      '2011-12-29T10:00',
      '2011-12-30T10:00',
      '2011-12-31T10:00',
      '2012-01-01T10:00',
    ])
    expect(edges('month', 'Pacific/Apia', '2011-12-15T12:00Z')[2]).toBe('2011-12-31T10:00')
  })

  it('had two Mondays in Kwajalein, or rather no Saturday: 21 August 1993', () => {
    expect(edges('day', 'Pacific/Kwajalein', '1993-08-20T18:00Z').slice(0, 3)).toEqual([
      '1993-08-19T12:00',
      '1993-08-20T12:00',
      '1993-08-21T12:00',
    ])
  })
})

describe('zones that are not whole hours from UTC', () => {
  it.each([
    ['Asia/Kolkata', '2026-05-31T18:30'],
    ['Asia/Kathmandu', '2026-05-31T18:15'],
    ['America/St_Johns', '2026-06-01T02:30'],
    ['Pacific/Chatham', '2026-05-31T11:15'],
  ])('begin their days at midnight of their own: %s', (timeZone, start) => {
    expect(edges('day', timeZone, `${start}:00Z`)[1]).toBe(start)
    expect(edges('day', timeZone, `${start}:00Z`)[0]).toBe(
      new Date(Date.parse(`${start}Z`) - 86_400_000).toISOString().slice(0, 16),
    )
  })

  it('have days of 23.5 and 24.5 hours on Lord Howe, where the clocks change by half an hour', () => {
    const zone = 'Australia/Lord_Howe'
    expect(edges('day', zone, '2026-04-05T00:00Z').slice(1, 3)).toEqual([
      '2026-04-04T13:00',
      '2026-04-05T13:30',
    ])
    expect(edges('day', zone, '2026-10-04T00:00Z').slice(1, 3)).toEqual([
      '2026-10-03T13:30',
      '2026-10-04T13:00',
    ])
  })

  it('have half an hour there: what is left of the hour, or comes again of it', () => {
    const zone = 'Australia/Lord_Howe'
    expect(edges('hour', zone, '2026-04-04T15:10Z')).toEqual([
      '2026-04-04T14:00',
      '2026-04-04T15:00',
      '2026-04-04T15:30',
      '2026-04-04T16:30',
    ])
    expect(edges('hour', zone, '2026-10-03T15:40Z')).toEqual([
      '2026-10-03T14:30',
      '2026-10-03T15:30',
      '2026-10-03T16:00',
      '2026-10-03T17:00',
    ])
    // Pyongyang, 4 May 2018: 23:30 was 00:00.
    expect(edges('hour', 'Asia/Pyongyang', '2018-05-04T14:45Z').slice(0, 3)).toEqual([
      '2018-05-04T13:30',
      '2018-05-04T14:30',
      '2018-05-04T15:00',
    ])
  })
})
