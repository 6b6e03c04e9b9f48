import { describe, expect, it, vi } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { requestCharges } from './request-charges.ts'
import { type RequestPolicy, requestPolicy } from './request-policies.ts'
import { type Asked, data } from './testing/requests.ts'
import { requestView } from './view.ts'

const view = requestView(data, undefined)
const policy = (name: string, more: Partial<RequestPolicy<[Asked]>> = {}): RequestPolicy<[Asked]> => ({
  ...requestPolicy<[Asked]>(name, { key: () => 'ada' }, ''),
  ...more,
})
const charges = (...policies: RequestPolicy<[Asked]>[]): unknown => requestCharges(policies, view, [{}])
const later = async <T>(value: T): Promise<T> => Promise.resolve(value)

describe('what a request is charged', () => {
  it('is a charge for each policy that applies, in configured order', () => {
    const algorithm = fixedWindow({ limit: 5, window: '1m' })
    expect(
      charges(
        policy('plain'),
        policy('anonymous', { key: () => undefined }),
        policy('elsewhere', { when: () => false }),
        policy('heavy', { cost: () => 7, when: () => true }),
        policy('plan', { algorithm: () => algorithm }),
      ),
    ).toEqual([
      { policy: 'plain', key: 'ada', cost: 1 },
      { policy: 'heavy', key: 'ada', cost: 7 },
      { policy: 'plan', key: 'ada', cost: 1, algorithm },
    ])
  })

  it('keeps that order when some come later than others', async () => {
    const found = charges(
      policy('slow', { key: () => later('ada') }),
      policy('fast'),
      policy('never', { when: () => later(false) }),
      policy('heavy', { cost: () => later(7) }),
    )
    expect(found).toBeInstanceOf(Promise)
    expect(await found).toEqual([
      { policy: 'slow', key: 'ada', cost: 1 },
      { policy: 'fast', key: 'ada', cost: 1 },
      { policy: 'heavy', key: 'ada', cost: 7 },
    ])
  })

  it('asks for nothing more once a policy does not apply', () => {
    const key = vi.fn<() => string>(() => 'ada')
    const cost = vi.fn<() => number>(() => 1)
    const algorithm = vi.fn<() => ReturnType<typeof fixedWindow>>()
    charges(policy('elsewhere', { when: () => false, key, cost, algorithm }))
    charges(policy('anonymous', { key: () => undefined, cost, algorithm }))
    for (const asked of [key, cost, algorithm]) expect(asked).not.toHaveBeenCalled()
  })

  it('rejects where one throws while another is looked up, and leaves no rejection to nobody', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    const slow = policy('slow', { key: async () => Promise.reject(new Error('no such session')) })
    const broken = policy('broken', {
      key: () => {
        throw new Error('no such user')
      },
    })
    await expect(charges(slow, broken)).rejects.toThrow('no such session')
    await expect(charges(policy('late', { key: () => later('ada') }), broken)).rejects.toThrow('no such user')
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(() => charges(policy('fast'), broken, slow)).toThrow('no such user')
  })
})
