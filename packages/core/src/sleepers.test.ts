import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Decision } from './algorithm.ts'
import { createSleepers, type Sleepers } from './sleepers.ts'
import type { Turn } from './turns.ts'
import { type Waiter, waiterOf } from './waiter.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  const left = vi.getTimerCount()
  vi.useRealTimers()
  if (left > 0) throw new Error(`${left} timers are left`)
})

const nobody = (): void => undefined
const waiter = (cost = 1): Waiter => waiterOf([{ policy: 'p', key: 'k', cost }], 1000, nobody, nobody)
/** A turn so many milliseconds from now. */
const turn = (ms: number): Turn => ({ decision: {} as Decision, dueAt: performance.now() + ms })

/** Sleepers, and who woke when, by which turn. */
function sleeping(): { sleepers: Sleepers; woke: [waiter: Waiter, turn: Turn, at: number][] } {
  const from = performance.now()
  const woke: [Waiter, Turn, number][] = []
  const sleepers = createSleepers((one, by) => void woke.push([one, by, performance.now() - from]))
  return { sleepers, woke }
}

describe('sleepers', () => {
  it('wake when their turns are due, in order, by one timer', () => {
    const { sleepers, woke } = sleeping()
    const [a, b] = [waiter(), waiter()]
    const [first, second] = [turn(100), turn(200)]
    sleepers.add(a, first)
    sleepers.add(b, second)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(300)
    expect(woke).toEqual([
      [a, first, 100],
      [b, second, 200],
    ])
  })

  it('are not asleep at all where the turn is due', () => {
    const { sleepers, woke } = sleeping()
    const now = turn(0)
    const a = waiter()
    sleepers.add(a, now)
    expect(woke).toEqual([[a, now, 0]])
  })

  it('keep their order where a later turn is due sooner', () => {
    const { sleepers, woke } = sleeping()
    const [a, b] = [waiter(), waiter()]
    const [late, soon] = [turn(101), turn(100)]
    sleepers.add(a, late)
    sleepers.add(b, soon)
    vi.advanceTimersByTime(100)
    expect(woke).toEqual([[a, soon, 100]])
    vi.advanceTimersByTime(1)
    expect(woke[1]).toEqual([b, late, 101])
  })

  it('move up by one where one leaves, within those who are charged as much', () => {
    const { sleepers, woke } = sleeping()
    const [a, b, other, c] = [waiter(), waiter(), waiter(2), waiter()]
    const turns = [turn(100), turn(200), turn(300), turn(400)] as const
    for (const [index, one] of [a, b, other, c].entries()) sleepers.add(one, turns[index] as Turn)
    // Others sleep behind what is left over.
    expect(sleepers.leave(a)).toBeUndefined()
    expect(sleepers.leave(c)).toBe(turns[3])
    expect(sleepers.leave(c)).toBeUndefined()
    vi.advanceTimersByTime(500)
    expect(woke).toEqual([
      [b, turns[0], 100],
      [other, turns[2], 300],
    ])
  })

  it('take a turn that is passed on, unless who is next is charged otherwise', () => {
    const { sleepers, woke } = sleeping()
    const [a, other] = [waiter(), waiter(2)]
    const his = turn(300)
    sleepers.add(a, turn(200))
    sleepers.add(other, his)
    const [sooner, between, latest] = [turn(100), turn(250), turn(900)]
    expect(sleepers.passOn(sooner, '1')).toBeUndefined()
    expect(sleepers.passOn(between, '1')).toBeUndefined()
    expect(sleepers.passOn(between, '2')).toBe(his)
    expect(sleepers.passOn(latest, '2')).toBe(latest)
    vi.advanceTimersByTime(1000)
    expect(woke).toEqual([
      [a, sooner, 100],
      [other, between, 250],
    ])
  })

  it('all go at the end, the last turn first', () => {
    const { sleepers, woke } = sleeping()
    const turns = [turn(100), turn(200), turn(300)] as const
    for (const [index, cost] of [1, 1, 2].entries()) sleepers.add(waiter(cost), turns[index] as Turn)
    expect(sleepers.end()).toEqual(turns.toReversed())
    vi.advanceTimersByTime(1000)
    expect(woke).toEqual([])
  })
})
