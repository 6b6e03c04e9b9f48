import { afterEach, describe, expect, it, vi } from 'vitest'
import { sleep } from './turns.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a sleep', () => {
  it('is over at once where only an error of rounding is left', () => {
    vi.spyOn(performance, 'now').mockReturnValue(0.3)
    const then = vi.fn<() => void>()
    sleep(0.1 + 0.2, then)
    expect(then).toHaveBeenCalledOnce()
  })

  it('is stopped between two timers, too', () => {
    vi.useFakeTimers()
    const then = vi.fn<() => void>()
    const stop = sleep(performance.now() + 2 ** 32, then)
    vi.advanceTimersByTime(2 ** 31 + 5)
    expect(vi.getTimerCount()).toBe(1)
    stop()
    expect(vi.getTimerCount()).toBe(0)
    expect(then).not.toHaveBeenCalled()
  })

  it('sets no timer above what timers can be set to', () => {
    const set = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(0 as never)
    sleep(performance.now() + 2 ** 32, () => undefined)
    expect(set.mock.calls[0]?.[1]).toBe(2 ** 31 - 1)
  })
})
