import { describe, expect, it } from 'vitest'
import { hours, midnight, period } from '../testing/periods.ts'

describe('a month', () => {
  it('is as long as the calendar says, leap years included', () => {
    const days = (at: string): number => hours(period('month', at)) / 24
    expect([days('2026-01-15T00:00:00Z'), days('2026-04-30T23:59:59.999Z')]).toEqual([31, 30])
    expect([days('2026-02-15T00:00:00Z'), days('2028-02-15T00:00:00Z')]).toEqual([28, 29])
    expect([days('2000-02-15T00:00:00Z'), days('2100-02-15T00:00:00Z')]).toEqual([29, 28])
  })

  it('from the 31st begins on the last day of a shorter month', () => {
    const from31 = (at: string): string[] =>
      period('month', at, { startDay: 31 }).map((text) => text.slice(0, 10))
    expect(from31('2026-01-30T23:59:59.999Z')).toEqual(['2025-12-31', '2026-01-31'])
    expect(from31('2026-01-31T00:00:00Z')).toEqual(['2026-01-31', '2026-02-28'])
    expect(from31('2026-02-27T23:59:59.999Z')).toEqual(['2026-01-31', '2026-02-28'])
    expect(from31('2026-02-28T00:00:00Z')).toEqual(['2026-02-28', '2026-03-31'])
    expect(from31('2026-04-30T12:00:00Z')).toEqual(['2026-04-30', '2026-05-31'])
    expect(from31('2028-02-15T12:00:00Z')).toEqual(['2028-01-31', '2028-02-29'])
    expect(from31('2028-03-01T12:00:00Z')).toEqual(['2028-02-29', '2028-03-31'])
  })

  it('from any other day begins on that day', () => {
    const from15 = (at: string): string[] =>
      period('month', at, { startDay: 15 }).map((text) => text.slice(0, 10))
    expect(from15('2026-06-14T23:59:59.999Z')).toEqual(['2026-05-15', '2026-06-15'])
    expect(from15('2026-06-15T00:00:00Z')).toEqual(['2026-06-15', '2026-07-15'])
    expect(from15('2027-01-01T00:00:00Z')).toEqual(['2026-12-15', '2027-01-15'])
    expect(period('month', '2026-02-28T12:00:00Z', { startDay: 29 })[0]).toBe(midnight('2026-02-28'))
  })

  it('begins at midnight of its zone', () => {
    const tokyo = period('month', '2026-05-31T15:00:00Z', { timeZone: 'Asia/Tokyo' })
    expect(tokyo).toEqual(['2026-05-31T15:00:00.000Z', '2026-06-30T15:00:00.000Z'])
  })
})

describe('a year', () => {
  it('has 365 days, or 366', () => {
    expect(period('year', '2026-12-31T23:59:59.999Z')).toEqual([
      midnight('2026-01-01'),
      midnight('2027-01-01'),
    ])
    expect(hours(period('year', '2028-02-29T12:00:00Z'))).toBe(366 * 24)
    expect(hours(period('year', '2100-02-28T12:00:00Z'))).toBe(365 * 24)
  })

  it('begins on a day of any month, or on its last day where that is too short', () => {
    const from29February = (at: string): string[] =>
      period('year', at, { startMonth: 2, startDay: 29 }).map((text) => text.slice(0, 10))
    expect(from29February('2027-02-27T23:59:59.999Z')).toEqual(['2026-02-28', '2027-02-28'])
    expect(from29February('2027-02-28T00:00:00Z')).toEqual(['2027-02-28', '2028-02-29'])
    expect(from29February('2028-02-28T12:00:00Z')).toEqual(['2027-02-28', '2028-02-29'])
    expect(from29February('2028-02-29T00:00:00Z')).toEqual(['2028-02-29', '2029-02-28'])
    expect(from29February('2027-12-31T12:00:00Z')).toEqual(['2027-02-28', '2028-02-29'])
    const paris = { timeZone: 'Europe/Paris', startMonth: 7, startDay: 15 } as const
    expect(period('year', '2026-07-14T22:00:00Z', paris)).toEqual([
      '2026-07-14T22:00:00.000Z',
      '2027-07-14T22:00:00.000Z',
    ])
    expect(period('year', '2026-07-14T21:59:59.999Z', paris)[1]).toBe('2026-07-14T22:00:00.000Z')
  })

  it('begins at midnight of its zone', () => {
    const auckland = period('year', '2026-12-31T11:00:00Z', { timeZone: 'Pacific/Auckland' })
    expect(auckland).toEqual(['2026-12-31T11:00:00.000Z', '2027-12-31T11:00:00.000Z'])
  })
})
