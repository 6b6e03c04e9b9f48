import { describe, expect, it, vi } from 'vitest'
import { clientList } from './client-list.ts'
import { byHeader, headerKey } from './keys.ts'
import { ask, type Asked, frozen, gate, type Options } from './testing/requests.ts'

const minute = { store: frozen(), shared: true, window: '1m' } as const
const as = (id: string): Asked => ({ headers: { 'x-user': id } })
const userOf = ({ headers }: Asked): string | undefined => headers?.['x-user']
const preflight = (id: string): Asked => ({
  method: 'OPTIONS',
  headers: { 'access-control-request-method': 'PUT', 'x-user': id },
})
const statusOf = (options: Options, asked: Asked): number | undefined =>
  ask(gate(options), asked)?.refusal?.status

describe('a list with keys', () => {
  it('reads keys once, and charges what it has read', () => {
    const key = vi.fn<(asked: Asked) => string | undefined>(userOf)
    const when = vi.fn<() => boolean>(() => true)
    const [skip, deny] = [clientList({ keys: ['bob'] }), clientList({ keys: ['cid'] })]
    const http = gate({ ...minute, limit: 5, key, when, skip, deny })
    expect(ask(http, as('ada'))?.decision?.policies[0]?.key).toBe('ada')
    expect([key.mock.calls.length, when.mock.calls.length]).toEqual([1, 1])
  })

  it('reads keys once also where they come later', async () => {
    const key = vi.fn<(asked: Asked) => Promise<string | undefined>>(async (asked) =>
      Promise.resolve(userOf(asked)),
    )
    const deny = clientList({ keys: ['cid'] })
    const http = gate({ ...minute, limit: 5, key, skip: clientList({ keys: ['bob'] }), deny })
    expect((await http.handle(as('ada')))?.decision?.policies[0]?.key).toBe('ada')
    expect(key).toHaveBeenCalledTimes(1)
    expect((await http.handle(as('cid')))?.refusal?.status).toBe(403)
    expect(await http.handle(as('bob'))).toBeUndefined()
  })

  it('goes by any policy of the middleware, also one in shadow mode', () => {
    const policies = [
      { name: 'address', limit: 5, window: '1m', key: () => 'ip:192.0.2.1' },
      { name: 'trial', mode: 'shadow', limit: 5, window: '1m', key: byHeader('x-user') },
    ] as const
    const deny = clientList({ keys: [headerKey('x-user', 'ada') as string] })
    const { store, shared } = minute
    expect(statusOf({ store, shared, policies, deny }, as('ada'))).toBe(403)
    expect(statusOf({ store, shared, policies, deny }, as('bob'))).toBeUndefined()
  })

  it('asks no policy for its key that does not apply', () => {
    const key = vi.fn<(asked: Asked) => string>(() => {
      throw new Error('there is no user')
    })
    const options: Options = {
      ...minute,
      limit: 5,
      when: () => false,
      key,
      deny: clientList({ keys: ['a'] }),
    }
    expect(statusOf(options, {})).toBeUndefined()
    expect(key).not.toHaveBeenCalled()
  })

  it('goes by the key of a limiter that others use too', () => {
    const { limiter } = gate({ ...minute, limit: 5 })
    const deny = clientList({ keys: ['ada'] })
    expect(statusOf({ limiter, key: userOf, deny }, as('ada'))).toBe(403)
    expect(statusOf({ limiter, key: userOf, deny }, as('bob'))).toBeUndefined()
  })

  it('does not ask a preflight for keys, which carries none and is charged nothing', () => {
    const key = vi.fn<(asked: Asked) => string | undefined>(userOf)
    const options: Options = { ...minute, limit: 0, key, deny: clientList({ keys: ['ada'] }) }
    expect(ask(gate(options), preflight('ada'))).toBeUndefined()
    expect(key).not.toHaveBeenCalled()
    const addresses = clientList({ addresses: ['203.0.113.7'] })
    expect(statusOf({ ...options, deny: addresses }, { ...preflight('ada'), address: '203.0.113.7' })).toBe(
      403,
    )
  })

  it('rejects where a key cannot be looked up, and charges nothing', async () => {
    const key = async (): Promise<string> => Promise.reject(new Error('no such session'))
    const http = gate({ ...minute, limit: 5, key, deny: clientList({ keys: ['ada'] }) })
    await expect(http.handle({})).rejects.toThrow('no such session')
  })
})
