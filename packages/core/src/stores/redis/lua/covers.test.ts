import fc from 'fast-check'
import { expect, it } from 'vitest'
import { calendar, calendarStarts } from '../../../../test/parameters-calendar.ts'
import { calendarWindow } from '../../../algorithms/calendar-window.ts'

const calendars = fc.tuple(calendar, calendarStarts, fc.nat(400 * 86_400_000))

it('the edges that a calendarWindow sends are those of periods in a row, and cover the time they are sent for', () => {
  fc.assert(
    fc.property(calendars, ([[params], start, later]) => {
      const algorithm = calendarWindow(params!)
      for (const now of [start, start + later]) {
        const [limit, patience = 0, ...rest] = algorithm.args(now)
        const [inner, [most = 0, e0 = 0, e7 = 0, e8 = 0]] = [rest.slice(0, 6), rest.slice(6)]
        const [e1 = 0, e2 = 0, e3 = 0, , , e6 = 0] = inner
        expect([limit, limit! + most]).toEqual([params!.limit, algorithm.maxLimit ?? limit])
        expect([e2 <= now, now < e3, e1 <= now, now + patience < e6]).toEqual([true, true, true, true])
        const edges = most > 0 ? [e0, ...inner, e7, e8] : inner
        expect(most === 0 ? [e0, e7, e8] : [0, 0, 0]).toEqual([0, 0, 0])
        edges.slice(0, -1).forEach((edge, index) => {
          // A period that begins at an edge ends at the next.
          expect(algorithm.fresh(edge)).toMatchObject({ start: edge, end: edges[index + 1], used: 0 })
        })
      }
    }),
    { numRuns: 300, seed: 20261122 },
  )
})
