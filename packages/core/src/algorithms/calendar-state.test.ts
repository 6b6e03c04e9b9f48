import { expect, it } from 'vitest'
import { calendarText } from './calendar-state.ts'

const nothing = { start: 0, end: 0, used: 0, before: 0, until: 0 }

it('the state of a calendarWindow is three numbers, or five where it matters for longer than its period', () => {
  const three = { start: 1, end: 5, used: 2, before: 0, until: 5 }
  const five = { start: 1, end: 5, used: 2, before: 3, until: 9 }
  expect([three, five].map((state) => calendarText.encode(state))).toEqual(['1,5,2', '1,5,2,3,9'])
  expect(['1,5,2', '1,5,2,3,9'].map((text) => calendarText.decode(text))).toEqual([three, five])
})

it.each(['', '1,5', '1,5,2,3', '1,5,2,3,5', '1,5,2,3,4', '1,5,2,3,9,9', '1,5,2,3,x'])(
  'a text that is neither, such as %j, is that of a key never seen',
  (text) => {
    expect(calendarText.decode(text)).toEqual(nothing)
  },
)
