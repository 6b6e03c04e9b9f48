import { describe, expect, it } from 'vitest'
import { concurrency } from '../algorithms/concurrency.ts'
import { slidingWindow } from '../algorithms/sliding-window.ts'
import { thrown } from '../testing/thrown.ts'
import { parsePolicy } from './request-policies.ts'
import type { Asked } from './testing/requests.ts'

describe('a policy of a middleware', () => {
  it('is a sliding window in short, per address, for one unit, called default', () => {
    const { name, bound, request, wire } = parsePolicy<[Asked]>({ limit: 5, window: '1m' }, '')
    const { kind, limit, windowMs } = slidingWindow({ limit: 5, window: '1m' })
    expect(name).toBe('default')
    expect(bound).toMatchObject({ name: 'default', mode: 'enforce', algorithm: { kind, limit, windowMs } })
    expect(request).toMatchObject({ cost: 1, when: undefined, algorithm: undefined })
    expect(wire).toEqual({ name: 'default', partitionKey: undefined })
  })

  it('counts what you say', () => {
    const slots = concurrency({ limit: 5, ttl: '1m' })
    expect(parsePolicy({ algorithm: slots }, '').wire.unit).toBeUndefined()
    expect(parsePolicy({ algorithm: slots, unit: 'jobs' }, '').wire.unit).toBe('jobs')
    expect(parsePolicy({ limit: 5, window: '1m', unit: 'content-bytes' }, '').wire.unit).toBe('content-bytes')
  })

  it('may have a limit that depends on the request, and keeps one window for each', () => {
    const { bound, request } = parsePolicy<[Asked]>(
      { limit: ({ headers }) => Number(headers?.['x-limit']), window: '1m' },
      '',
    )
    const under = (limit: string): unknown => request.algorithm?.({ headers: { 'x-limit': limit } })
    expect(bound.algorithm).toBeUndefined()
    expect(under('5')).toMatchObject({ limit: 5, windowMs: 60_000 })
    expect(under('6')).toMatchObject({ limit: 6 })
    expect(under('5')).toBe(under('5'))
    expect(thrown(() => under('many'))).toMatch('RangeError: limit must be a whole number from 0 to ')
  })

  it('keeps a thousand such windows at the most, whatever limits are computed', () => {
    const { request } = parsePolicy<[number]>({ limit: (limit) => limit, window: '1m' }, '')
    const first = request.algorithm?.(0)
    for (let limit = 1; limit < 1000; limit++) void request.algorithm?.(limit)
    expect(request.algorithm?.(0)).toBe(first)
    void request.algorithm?.(1000)
    expect(request.algorithm?.(0)).not.toBe(first)
    expect(request.algorithm?.(0)).toMatchObject({ limit: 0 })
  })

  it('shows a hash of its key under a secret', () => {
    const { wire } = parsePolicy({ limit: 5, window: '1m', partitionKey: { secret: 'k'.repeat(32) } }, '')
    expect(wire.partitionKey?.('user:42')).toBe('n/k6QK3I1AmO')
  })
})
