import { describe, expect, it } from 'vitest'
import type { Seen } from './messages.ts'
import { picture } from './picture.ts'
import { terminalOf } from './terminal.ts'

const answer = (client: string, at: number, refusedBy: Seen['refusedBy']): Seen => ({
  client,
  allowed: refusedBy.length === 0,
  refusedBy,
  remaining: { burst: 3, quota: refusedBy.includes('quota') ? 0 : 12 },
  retryAfter: undefined,
  faults: [],
  waited: false,
  sentAt: at - 1,
  answeredAt: at,
})

const seen = [
  answer('greedy', 10, []),
  answer('greedy', 2000, []),
  answer('greedy', 2001, ['burst']),
  answer('greedy', 4000, ['burst']),
  answer('greedy', 6000, ['burst', 'quota']),
]

const frame = { url: 'http://127.0.0.1:3000', seen, elapsedMs: 7000, columns: 80, rows: 24, colour: false }

describe('picture', () => {
  it('shows counts, what is left, and when who was refused', () => {
    const lines = picture(frame)
    const at = lines.findIndex((line) => line.startsWith('greedy'))
    expect(lines[at + 1]).toBe(
      '    2 allowed   3 refused   burst ███░░░░░░░  3 left   quota ░░░░░░░░░░  0 left',
    )
    expect(lines[at + 2]).toMatch(/^ {2}█·+B·+b·+q·+$/)
  })

  it.each([
    [80, 24],
    [79, 30],
    [60, 15],
    [40, 5],
    [300, 100],
  ])('fits into %d columns and %d rows', (columns, rows) => {
    const lines = picture({ ...frame, columns, rows })
    expect(lines.length).toBeLessThanOrEqual(rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })

  it('is the same with colours, but for the colours', () => {
    const coloured = picture({ ...frame, colour: true })
    expect(coloured.join('\n')).toContain('\u001B[31mb\u001B[0m')
    // oxlint-disable-next-line no-control-regex -- what colours are made of
    expect(coloured.map((line) => line.replaceAll(/\u001B\[\d+m/g, ''))).toEqual(picture(frame))
  })
})

describe('terminalOf', () => {
  const stream = (isTTY: boolean): NodeJS.WriteStream =>
    ({ isTTY, columns: 0, rows: 0 }) as NodeJS.WriteStream

  it('draws on terminals only, and in colour unless NO_COLOR is set', () => {
    expect(terminalOf(stream(true), {})).toMatchObject({ live: true, colour: true })
    expect(terminalOf(stream(true), { NO_COLOR: '1' })).toMatchObject({ live: true, colour: false })
    expect(terminalOf(stream(true), { NO_COLOR: '' })).toMatchObject({ colour: true })
    expect(terminalOf(stream(true), { TERM: 'dumb' })).toMatchObject({ live: false, colour: false })
    expect(terminalOf(stream(false), {})).toMatchObject({ live: false, colour: false })
  })

  it('takes a usual size where none is known', () => {
    expect(terminalOf(stream(true), {}).size()).toEqual({ columns: 80, rows: 24 })
  })
})
