import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isStoreError } from '../store-error.ts'
import { withDeadline } from './deadline.ts'

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('lets an answer in time through, and leaves no timer', async () => {
    await expect(withDeadline(Promise.resolve(1), 100, 'the store')).resolves.toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets a failure in time through, and leaves no timer', async () => {
    const failure = new Error('broken')
    await expect(withDeadline(Promise.reject(failure), 100, 'the store')).rejects.toBe(failure)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says what did not answer, and when it was over', async () => {
    const never = withDeadline(new Promise(() => undefined), 100, 'the store')
    const error: unknown = await Promise.all([
      never.catch((reason: unknown) => reason),
      vi.advanceTimersByTimeAsync(101),
    ]).then(([reason]) => reason)
    expect(isStoreError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'timeout', message: 'the store did not answer within 100 ms' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('drops what comes late, an answer or a failure', async () => {
    for (const late of ['resolve', 'reject'] as const) {
      let settle = (): void => undefined
      const promise = new Promise((resolve, reject) => {
        settle = () => (late === 'resolve' ? resolve(1) : reject(new Error('late')))
      })
      const bounded = withDeadline(promise, 100, 'the store').catch((error: unknown) => String(error))
      await vi.advanceTimersByTimeAsync(101)
      expect(await bounded).toContain('did not answer')
      // A rejection that nobody handles fails the run.
      settle()
      await vi.advanceTimersByTimeAsync(0)
    }
  })

  it('lets an answer through that was there in time, after a stall', async () => {
    let settle = (): void => undefined
    const answer = new Promise<string>((resolve) => (settle = () => resolve('there')))
    const bounded = withDeadline(answer, 100, 'the store')
    // The timer comes first, since its time has come; the socket is read right after it.
    vi.advanceTimersByTime(100)
    settle()
    await expect(bounded).resolves.toBe('there')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for as long as timers can, where it is longer', async () => {
    const year = withDeadline(
      new Promise((resolve) => setTimeout(resolve, 5000)),
      31_536_000_000,
      'the store',
    )
    await vi.advanceTimersByTimeAsync(5000)
    await expect(year).resolves.toBeUndefined()
  })
})
